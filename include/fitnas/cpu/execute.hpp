/// @file
/// @brief Runs a plan forward and backward on a batch of images.

#ifndef FITNAS_CPU_EXECUTE_HPP
#define FITNAS_CPU_EXECUTE_HPP

#include <array>

#include <fitnas/cpu/batch_norm.hpp>
#include <fitnas/cpu/convolution.hpp>
#include <fitnas/cpu/depthwise.hpp>
#include <fitnas/cpu/expansion.hpp>
#include <fitnas/cpu/pointwise.hpp>
#include <fitnas/cpu/pool.hpp>
#include <fitnas/cpu/squeeze_excite.hpp>
#include <fitnas/nn/plan.hpp>

namespace fitnas::detail {

/// The memory of one run of a plan: what backward needs from forward.
struct block_run {
    static constexpr std::size_t most = 2 * recipe::capacity + 2;
    std::array<float*, most> buffers{};
    std::array<float*, most> kept{}; ///< state of squeeze-excite, by the buffer it writes
    std::array<norm_state, recipe::capacity> norms{};
    int images = 0;

    float* output(const block_plan& plan) const { return buffers[plan.buffers.size() - 1]; }
};

inline affine_input input_of(const plan_value& v, const block_run& run) {
    affine_input x{.z = run.buffers[static_cast<std::size_t>(v.buffer)], .act = v.act};
    if (v.norm >= 0) {
        const norm_state& n = run.norms[static_cast<std::size_t>(v.norm)];
        x.scale = n.scale;
        x.shift = n.shift;
        x.mean = n.mean;
    }
    return x;
}

inline std::span<const float> image_of(const float* p, shape s, std::ptrdiff_t n) {
    return {p + n * s.size(), static_cast<std::size_t>(s.size())};
}
inline std::span<float> image_of(float* p, shape s, std::ptrdiff_t n) {
    return {p + n * s.size(), static_cast<std::size_t>(s.size())};
}

/// Gathers the sums of z and z^2 where the pass that wrote z did not.
inline void gather_sums(const float* z, std::ptrdiff_t rows, int channels, group_sums& sums) {
    const int tile = tile_rows(channels, channels);
    parallel_groups(tile_count(rows, tile), [&](int group, std::ptrdiff_t first, std::ptrdiff_t last) {
        for (std::ptrdiff_t t = first; t < last; ++t) {
            const std::ptrdiff_t r0 = t * tile;
            add_sums(z + r0 * channels, static_cast<int>((std::min)(std::ptrdiff_t{tile}, rows - r0)),
                     channels, sums.first(group), sums.second(group));
        }
    });
}

/// y = act(u) + shortcut
inline void write_out(const affine_input& x, const float* shortcut, std::ptrdiff_t rows, int channels,
                      float* y) {
    const int tile = tile_rows(channels, channels);
    parallel_for(tile_count(rows, tile), [&](std::ptrdiff_t t) {
        const std::ptrdiff_t end = (std::min)(rows, (t + 1) * tile);
        with_activation(x.act, [&](auto act) {
            for (std::ptrdiff_t r = t * tile; r < end; ++r) {
                for (int c = 0; c < channels; c += W) {
                    const std::ptrdiff_t at = r * channels + c;
                    vec<> v = apply<act()>(affine(x, c)(simd::load(x.z + at, channels - c)));
                    if (shortcut != nullptr) {
                        v += simd::load(shortcut + at, channels - c);
                    }
                    simd::store(y + at, v, channels - c);
                }
            }
        });
    });
}

/// du = gradient at z, through the activation; sums on the way.
inline void write_out_backward(const gradient_input& g, const affine_input& x, std::ptrdiff_t rows,
                               int channels, const gradient_output& out, group_sums& sums) {
    const int tile = tile_rows(channels, channels);
    parallel_groups(tile_count(rows, tile), [&](int group, std::ptrdiff_t first, std::ptrdiff_t last) {
        for (std::ptrdiff_t t = first; t < last; ++t) {
            const std::ptrdiff_t r0 = t * tile;
            const int count = static_cast<int>((std::min)(std::ptrdiff_t{tile}, rows - r0));
            if (g.du != out.du) {
                for (std::ptrdiff_t r = r0; r < r0 + count; ++r) {
                    for (int c = 0; c < channels; c += W) {
                        const std::ptrdiff_t at = r * channels + c;
                        simd::store(out.du + at, read(g, g.du + at, g.z + at, c, channels - c), channels - c);
                    }
                }
            }
            finish_gradient(x, out, count, channels, {{1, 1, channels}}, r0, sums.first(group),
                            sums.second(group));
        }
    });
}

/// Whether the output of step s is made in cache, by the step behind it. That costs a second product or more,
/// and pays where they take less time than the passes over memory that they save: measured, where the input
/// has few channels, and on processors with AVX2 in scoring always.
inline bool expands(const block_plan& plan, std::size_t s, bool backward_follows) {
    constexpr int few = 32;
    if (s + 1 == plan.steps.size() ||
        (plan.steps[s].in_shape.channels > few && (backward_follows || asks_while_computing))) {
        return false;
    }
    const plan_step& step = plan.steps[s];
    const plan_step& next = plan.steps[s + 1];
    return step.what.kind == primitive_kind::pointwise && step.what.stride == 1 && step.in.plain() &&
           step.norm >= 0 && next.what.kind == primitive_kind::depthwise && next.in.buffer == step.out &&
           fits_cache(step.in_shape, step.what.width, next.what.kernel, next.what.stride);
}
inline expansion expansion_of(const plan_step& step, const float* parameters, const block_run& run) {
    return {run.buffers[static_cast<std::size_t>(step.in.buffer)], step.in_shape, run.images, step.what.width,
            parameters + step.offset};
}

/// Runs a plan forward.
///
/// @param input images x input shape
/// @param output images x output shape; for an empty plan nothing is written and the input is the output
/// @param given batch norm statistics of another run of this plan; nullptr: those of this batch
/// @param memory where what lies between goes
/// @param backward_follows whether to keep what backward would rather read than compute again
inline block_run forward(const block_plan& plan, const float* parameters, const float* input, int images,
                         float* output, const block_run* given, arena& memory, workspace& ws,
                         bool backward_follows = false) {
    block_run run;
    run.images = images;
    // The run only ever reads its input, but buffers hold what it writes too.
    run.buffers[0] = const_cast<float*>(input);
    const auto count = static_cast<std::size_t>(images);
    for (std::size_t s = 0; s < plan.steps.size(); ++s) {
        const plan_step& step = plan.steps[s];
        if (expands(plan, s, backward_follows)) {
            norm_state& norm = run.norms[static_cast<std::size_t>(step.norm)];
            if (given != nullptr) {
                norm = given->norms[static_cast<std::size_t>(step.norm)];
                continue;
            }
            const int k = step.in_shape.channels;
            const int width = step.what.width;
            float*& kept = run.kept[static_cast<std::size_t>(step.out)];
            kept = memory.take(expansion_moments::size(k, width));
            norm = norm_state::at(memory.take(norm_state::size(width)), width);
            expansion_norm(expansion_of(step, parameters, run), expansion_moments::at(kept, k), norm,
                           parameters + plan.norms[static_cast<std::size_t>(step.norm)].offset, ws);
            continue;
        }
        const affine_input x = input_of(step.in, run);
        const shape in = step.in_shape;
        const bool last = step.out + 1 == static_cast<int>(plan.buffers.size());
        float* z = last ? output : memory.take(count * static_cast<std::size_t>(step.out_shape.size()));
        run.buffers[static_cast<std::size_t>(step.out)] = z;
        const float* w = parameters + step.offset;
        const primitive& p = step.what;
        const int channels = step.out_shape.channels;
        const std::ptrdiff_t rows = step.out_shape.pixels() * images;
        group_sums* sums = step.norm >= 0 && given == nullptr ? &ws.sums : nullptr;
        if (sums != nullptr) {
            sums->start(channels);
        }
        bool gathered = false;
        switch (p.kind) {
        case primitive_kind::pointwise:
            pointwise_forward(x, in, p.stride, images, w, p.width, z, sums, ws);
            gathered = true;
            break;
        case primitive_kind::depthwise:
            if (x.z == nullptr) {
                depthwise_forward(expanded_planes(expansion_of(plan.steps[s - 1], parameters, run), x, ws),
                                  in, p.kernel, p.stride, images, w, z, sums);
            } else {
                depthwise_forward(x, in, p.kernel, p.stride, images, w, z, sums);
            }
            gathered = true;
            break;
        case primitive_kind::convolution:
            convolution_forward(x, in, p.kernel, p.stride, images, w, p.width, z, sums, ws);
            gathered = true;
            break;
        case primitive_kind::linear:
            pointwise_forward<float_words>(x, in, 1, images, w, p.width, z, nullptr, ws);
            for (std::ptrdiff_t r = 0; r < rows; ++r) {
                for (int c = 0; c < channels; ++c) {
                    z[r * channels + c] += w[static_cast<std::ptrdiff_t>(in.channels) * channels + c];
                }
            }
            break;
        case primitive_kind::max_pool:
        case primitive_kind::average_pool:
            pool_forward(p.kind == primitive_kind::max_pool, x, in, p.kernel, p.stride, images, z);
            break;
        case primitive_kind::global_pool:
            global_pool_forward(x, in, images, z);
            break;
        case primitive_kind::squeeze_excite: {
            float* state = memory.take(squeeze_state::size(images, in.channels, p.hidden(in)));
            run.kept[static_cast<std::size_t>(step.out)] = state;
            squeeze_excite_forward(x, in, p.hidden(in), images, w, state, z);
            break;
        }
        case primitive_kind::custom:
            parallel_for(images, [&](std::ptrdiff_t n) {
                p.user->forward(in, image_of(x.z, in, n), {w, static_cast<std::size_t>(p.parameters(in))},
                                image_of(z, step.out_shape, n));
            });
            break;
        default:
            write_out(x, step.shortcut ? run.buffers[0] : nullptr, rows, channels, z);
        }
        if (step.norm >= 0) {
            norm_state& norm = run.norms[static_cast<std::size_t>(step.norm)];
            if (given != nullptr) {
                norm = given->norms[static_cast<std::size_t>(step.norm)];
                continue;
            }
            if (!gathered) {
                gather_sums(z, rows, channels, ws.sums);
            }
            norm = norm_state::at(memory.take(norm_state::size(channels)), channels);
            norm_forward(norm, channels, ws.sums, static_cast<double>(rows),
                         parameters + plan.norms[static_cast<std::size_t>(step.norm)].offset);
        }
    }
    return run;
}

/// Adds a custom primitive's parameter gradients, group by group in order.
inline void custom_backward(const plan_step& step, const float* x, const float* w, const float* dy,
                            int images, float* dx, float* dw, arena& memory) {
    const auto size = static_cast<std::size_t>(step.what.parameters(step.in_shape));
    float* groups = memory.take(size * sum_groups + 1);
    std::fill_n(groups, size * sum_groups, 0.0F);
    parallel_groups(images, [&](int group, std::ptrdiff_t first, std::ptrdiff_t last) {
        for (std::ptrdiff_t n = first; n < last; ++n) {
            step.what.user->backward(step.in_shape, image_of(x, step.in_shape, n), {w, size},
                                     image_of(dy, step.out_shape, n), image_of(dx, step.in_shape, n),
                                     {groups + static_cast<std::size_t>(group) * size, size});
        }
    });
    for (std::size_t i = 0; i < size * sum_groups; ++i) {
        dw[i % size] += groups[i];
    }
}

/// a + b, in memory of its own.
inline const float* added(const float* a, const float* b, std::size_t n, arena& memory) {
    float* sum = memory.take(n);
    for (std::size_t i = 0; i < n; ++i) {
        sum[i] = a[i] + b[i];
    }
    return sum;
}

/// Adds the gradient of a linear layer's bias: the sum over rows of the gradient at z.
inline void bias_backward(const gradient_input& g, std::ptrdiff_t rows, int channels, float* bias) {
    for (std::ptrdiff_t r = 0; r < rows; ++r) {
        for (int c = 0; c < channels; ++c) {
            const std::ptrdiff_t at = r * channels + c;
            bias[c] += g.a == nullptr ? g.du[at] : g.a[c] * g.du[at] + g.b[c] * g.z[at] + g.c[c];
        }
    }
}

/// Runs a plan backward after `forward` with the batch's own statistics.
///
/// @param dparameters added into
/// @param dy gradient at the output, images x output shape
/// @param dx overwritten with the gradient at the input; nullptr where nobody needs it
inline void backward(const block_plan& plan, const float* parameters, float* dparameters, block_run& run,
                     float* dy, float* dx, arena& memory, workspace& ws) {
    std::array<float*, block_run::most> du{};
    du[0] = dx;
    du[plan.buffers.size() - 1] = dy;
    const auto count = static_cast<std::size_t>(run.images);
    const float* shortcut_gradient = nullptr;
    for (std::size_t s = plan.steps.size(); s-- > 0;) {
        const plan_step& step = plan.steps[s];
        const primitive& p = step.what;
        const shape in = step.in_shape;
        const affine_input x = input_of(step.in, run);
        gradient_input g{.du = du[static_cast<std::size_t>(step.out)],
                         .z = run.buffers[static_cast<std::size_t>(step.out)]};
        if (step.norm >= 0) {
            const norm_state& n = run.norms[static_cast<std::size_t>(step.norm)];
            g.a = n.a;
            g.b = n.b;
            g.c = n.c;
        }
        if (step.shortcut) {
            shortcut_gradient =
                shortcut_gradient == nullptr
                    ? g.du
                    : added(shortcut_gradient, g.du, count * static_cast<std::size_t>(in.size()), memory);
        }
        if (x.z == nullptr) { // made in cache, and now again
            --s;
            const plan_step& wide = plan.steps[s];
            float* narrow = du[static_cast<std::size_t>(wide.in.buffer)];
            if (wide.in.buffer != 0) {
                narrow = memory.take(count * static_cast<std::size_t>(wide.in_shape.size()));
                du[static_cast<std::size_t>(wide.in.buffer)] = narrow;
            }
            const expanded_gradient source(expansion_of(wide, parameters, run), x, narrow, memory, ws);
            ws.sums.start(in.channels);
            depthwise_backward(g, source, in, p.kernel, p.stride, run.images, parameters + step.offset,
                               dparameters + step.offset, ws.sums, ws);
            const plan_norm& norm = plan.norms[static_cast<std::size_t>(step.in.norm)];
            norm_state& state = run.norms[static_cast<std::size_t>(step.in.norm)];
            norm_backward(state, norm.channels, ws.sums, static_cast<double>(norm.pixels) * run.images,
                          parameters + norm.offset, dparameters + norm.offset);
            source.complete(
                expansion_moments::at(run.kept[static_cast<std::size_t>(wide.out)], wide.in_shape.channels),
                state, ws.sums.first(0), wide.in.buffer == 0 ? shortcut_gradient : nullptr,
                dparameters + wide.offset, memory, ws);
            continue;
        }
        float*& to = du[static_cast<std::size_t>(step.in.buffer)];
        const bool writes_out = p.kind == primitive_kind::activate;
        if (step.in.buffer != 0) {
            to = writes_out && x.act == activation::none && g.a == nullptr
                     ? du[static_cast<std::size_t>(step.out)]
                     : memory.take(count * static_cast<std::size_t>(in.size()));
        }
        const gradient_output out{to, step.in.buffer == 0 ? shortcut_gradient : nullptr};
        const float* w = parameters + step.offset;
        float* dw = dparameters + step.offset;
        ws.sums.start(in.channels);
        switch (p.kind) {
        case primitive_kind::pointwise:
            pointwise_backward(g, x, in, p.stride, run.images, w, p.width, dw, out, ws.sums, ws);
            break;
        case primitive_kind::depthwise:
            depthwise_backward(g, x, in, p.kernel, p.stride, run.images, w, dw, out, ws.sums, ws);
            break;
        case primitive_kind::convolution:
            convolution_backward(g, x, in, p.kernel, p.stride, run.images, w, p.width, dw, out, ws.sums, ws);
            break;
        case primitive_kind::linear:
            pointwise_backward<float_words>(g, x, in, 1, run.images, w, p.width, dw, out, ws.sums, ws);
            bias_backward(g, step.out_shape.pixels() * run.images, p.width,
                          dw + static_cast<std::ptrdiff_t>(in.channels) * p.width);
            break;
        case primitive_kind::max_pool:
        case primitive_kind::average_pool:
            if (to != nullptr) {
                pool_backward(p.kind == primitive_kind::max_pool, g, g.z, x, in, p.kernel, p.stride,
                              run.images, out, ws.sums);
            }
            break;
        case primitive_kind::global_pool:
            if (to != nullptr) {
                global_pool_backward(g, x, in, run.images, out, ws.sums);
            }
            break;
        case primitive_kind::squeeze_excite:
            squeeze_excite_backward(
                g, x, in, p.hidden(in), run.images, w, dw, run.kept[static_cast<std::size_t>(step.out)],
                memory.take(squeeze_state::size(run.images, in.channels, p.hidden(in))), out, ws.sums);
            break;
        case primitive_kind::custom: {
            // A user's backward sees plain gradients and always writes the input's.
            const std::ptrdiff_t rows = step.out_shape.pixels() * run.images;
            float* plain = memory.take(count * static_cast<std::size_t>(step.out_shape.size()));
            write_out_backward(g, {}, rows, step.out_shape.channels, {plain, nullptr}, ws.sums);
            float* mine = to != nullptr ? to : memory.take(count * static_cast<std::size_t>(in.size()));
            custom_backward(step, x.z, w, plain, run.images, mine, dw, memory);
            write_out_backward({.du = mine}, x, in.pixels() * run.images, in.channels, {mine, out.addend},
                               ws.sums);
            break;
        }
        default:
            if (to != nullptr) {
                write_out_backward(g, x, in.pixels() * run.images, in.channels, out, ws.sums);
            }
        }
        if (step.in.norm >= 0) {
            const plan_norm& norm = plan.norms[static_cast<std::size_t>(step.in.norm)];
            norm_backward(run.norms[static_cast<std::size_t>(step.in.norm)], norm.channels, ws.sums,
                          static_cast<double>(norm.pixels) * run.images, parameters + norm.offset,
                          dparameters + norm.offset);
        }
    }
}

} // namespace fitnas::detail

#endif
