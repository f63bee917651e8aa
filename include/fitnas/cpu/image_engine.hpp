/// @file
/// @brief The door to inference: a folded network, its weights packed once, run on one image.

#ifndef FITNAS_CPU_IMAGE_ENGINE_HPP
#define FITNAS_CPU_IMAGE_ENGINE_HPP

#include <cstddef>
#include <span>
#include <vector>

#include <fitnas/config.hpp>
#include <fitnas/core/memory.hpp>
#include <fitnas/cpu/image_plan.hpp>

namespace fitnas::detail {

/// A folded network, never changed: any number of threads may run it, each in memory of its own.
class image_engine {
public:
    FITNAS_LAZY FITNAS_COLD explicit image_engine(std::vector<folded_block> blocks);
    ~image_engine();
    image_engine(const image_engine&) = delete;
    image_engine& operator=(const image_engine&) = delete;

    shape input() const { return m_blocks.front().input; }
    shape output() const { return m_blocks.back().output; }
    /// Floats of memory for a run; aligned to 64 bytes.
    std::size_t memory() const { return m_plan.floats; }

    /// @param value of a channel and a pixel's number, as the network takes it
    /// @param image height x width x channels
    /// @return what comes out, height x width x channels where there is one pixel; valid until the memory is
    /// written to
    template <class T, class Value>
    const float* run(const T* image, float* memory, Value&& value) const {
        const image_tensor& first = m_plan.tensors.front();
        first.planes.clear_margins(memory + first.offset, first.planes.count());
        read_in(first.planes, image, memory + first.offset, value);
        return run(memory);
    }

private:
    struct prepared;
    FITNAS_LAZY const float* run(float* memory) const;

    std::vector<folded_block> m_blocks;
    image_plan m_plan;
    arena m_memory; ///< of all weights: one piece, whose pages may be huge
    std::vector<prepared> m_steps;
};

} // namespace fitnas::detail

#if FITNAS_DEFINITIONS

#include <algorithm>
#include <utility>

#include <fitnas/cpu/image_passes.hpp>
#include <fitnas/cpu/image_stencil.hpp>

namespace fitnas::detail {

/// A step's operands, weights and tables.
struct image_engine::prepared {
    image_pass pass = image_pass::affine;
    primitive what{};
    const image_tensor* in = nullptr;
    const image_tensor* out = nullptr;
    const image_tensor* scratch = nullptr;
    const image_tensor* shortcut = nullptr; ///< null: none
    clamp act = clamp();
    clamp behind = clamp();
    clamp expand_act = clamp();
    image_product product{};
    image_product excite{};
    image_stencil stencil{};
    std::span<const float> parameters{}; ///< of a primitive of a user's own
    arena* weights = nullptr;            ///< memory of the engine
    std::vector<std::vector<int>> tables{};

    FITNAS_LAZY float* room(std::size_t n) {
        float* p = weights->take(n);
        std::fill_n(p, n, 0.0F);
        return p;
    }
    FITNAS_LAZY const float* padded(std::span<const float> values, int to) {
        float* p = room(static_cast<std::size_t>((static_cast<int>(values.size()) + to - 1) / to * to));
        std::copy(values.begin(), values.end(), p);
        return p;
    }
    FITNAS_LAZY const int* table(const image_planes& planes, const shape& pixels, int stride, int corner) {
        std::vector<int>& at = tables.emplace_back();
        for (int y = 0; y < pixels.height; ++y) {
            for (int x = 0; x < pixels.width; ++x) {
                at.push_back(static_cast<int>(planes.at(y * stride - corner, x * stride - corner)));
            }
        }
        return at.data();
    }
    /// @param w channels x kernel x kernel x channels that come in
    FITNAS_LAZY image_product make_product(const primitive& p, const image_planes& from,
                                           const image_planes& to, std::span<const float> w,
                                           std::span<const float> b) {
        image_product result{.vectors = from.count(),
                             .step = from.step,
                             .rows = p.kernel,
                             .row_step = static_cast<std::ptrdiff_t>(from.row) * from.together,
                             .run = p.kernel * from.together,
                             .pixels = static_cast<int>(to.of.pixels()),
                             .channels = to.of.channels};
        result.bias = padded(b, panel);
        result.from = table(from, to.of, p.stride, p.kernel / 2);
        result.to = table(to, to.of, 1, 0);
        float* packed = room(static_cast<std::size_t>(result.size() * result.panels()));
        result.weights = packed;
        const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(p.kernel) * p.kernel * from.of.channels;
        for (int j = 0; j < result.panels() * panel; j += panel) {
            for (int v = 0; v < result.vectors; ++v) {
                for (int k = 0; k < p.kernel * p.kernel; ++k) {
                    for (int i = 0; i < from.together; ++i, packed += panel) {
                        const int c = v * from.together + i;
                        for (int n = j; c < from.of.channels && n < (std::min)(j + panel, result.channels);
                             ++n) {
                            packed[n - j] = w[static_cast<std::size_t>(n * row + k * from.of.channels + c)];
                        }
                    }
                }
            }
        }
        return result;
    }
    FITNAS_LAZY image_stencil make_stencil(const folded_step& s) {
        const int taps = s.what.kernel * s.what.kernel;
        const int channels = s.input.channels;
        float* to = room(static_cast<std::size_t>(simd::padded(channels) * taps));
        const image_stencil result{s.what.kernel, s.what.stride, to, padded(s.bias, lanes)};
        for (int c = 0; c < channels; c += lanes) {
            for (int k = 0; k < taps; ++k, to += lanes) {
                std::copy_n(s.weights.data() + static_cast<std::ptrdiff_t>(k) * channels + c,
                            (std::min)(lanes, channels - c), to);
            }
        }
        return result;
    }

    FITNAS_LAZY void run(float* memory) const;
};

FITNAS_API image_engine::~image_engine() = default;

FITNAS_LAZY_AGAIN image_engine::image_engine(std::vector<folded_block> blocks)
    : m_blocks(std::move(blocks)), m_plan(m_blocks) {
    const auto tensor = [&](int i) { return i < 0 ? nullptr : &m_plan.tensors[static_cast<std::size_t>(i)]; };
    for (const image_step& s : m_plan.steps) {
        prepared& p = m_steps.emplace_back();
        p.weights = &m_memory;
        p.pass = s.pass;
        p.in = tensor(s.in);
        p.out = tensor(s.out);
        p.scratch = tensor(s.scratch);
        p.shortcut = tensor(s.shortcut);
        p.act = clamp(s.act);
        p.behind = clamp(s.behind);
        p.expand_act = clamp(s.expand_act);
        if (s.what == nullptr) {
            continue;
        }
        const folded_step& what = *s.what;
        p.what = what.what;
        if (s.pass == image_pass::product) {
            p.product = p.make_product(what.what, p.in->planes, p.out->planes, what.weights, what.bias);
        } else if (s.pass == image_pass::expanded) {
            p.product = p.make_product(s.expand->what, p.in->planes, p.scratch->planes, s.expand->weights,
                                       s.expand->bias);
        } else if (s.pass == image_pass::affine) {
            p.parameters = {p.padded(what.weights, lanes), what.weights.size()};
            p.product.bias = p.padded(what.bias, lanes);
        } else if (s.pass == image_pass::custom) {
            p.parameters = what.weights;
        } else if (s.pass == image_pass::squeeze_excite) {
            const int hidden = what.what.hidden(what.input);
            const image_planes wide({1, 1, what.input.channels}, 0);
            const image_planes narrow({1, 1, hidden}, 0);
            const std::span<const float> w(what.weights);
            const auto h = static_cast<std::size_t>(hidden);
            const std::size_t size = h * static_cast<std::size_t>(what.input.channels);
            p.product = p.make_product(pointwise(hidden), wide, narrow, w.first(size), w.subspan(size, h));
            p.excite = p.make_product(pointwise(what.input.channels), narrow, wide, w.subspan(size + h, size),
                                      w.subspan(2 * size + h));
        }
        if (s.pass == image_pass::depthwise || s.pass == image_pass::expanded) {
            p.stencil = p.make_stencil(what);
        }
        if (p.shortcut != nullptr) {
            p.product.shortcut = p.table(p.shortcut->planes, p.out->of, 1, 0);
        }
    }
    const float* next = nullptr;
    for (auto p = m_steps.rbegin(); p != m_steps.rend(); ++p) {
        p->product.next = next;
        next = p->product.weights != nullptr ? p->product.weights : next;
    }
}

FITNAS_LAZY_AGAIN void image_engine::prepared::run(float* memory) const {
    const float* x = memory + in->offset;
    float* y = memory + out->offset;
    float* between = memory + scratch->offset;
    const image_planes& from = in->planes;
    const image_planes& to = out->planes;
    const image_planes& behind_planes = shortcut == nullptr ? to : shortcut->planes;
    const image_finish finish{act, behind, shortcut == nullptr ? nullptr : memory + shortcut->offset,
                              behind_planes.step};
    to.clear_margins(y, to.count());
    switch (pass) {
    case image_pass::product:
        return detail::product(product, x, y, to.step, finish);
    case image_pass::depthwise:
        return stencil(from, x, to, y, behind_planes, finish, 0, to.count());
    case image_pass::expanded: {
        scratch->planes.clear_margins(between, 2);
        image_finish part = finish;
        for (int i = 0; i < product.panels(); ++i, y += 2 * to.step) {
            product_panel(product, x, i, 0, product.pixels, between, scratch->planes.step,
                          {.act = expand_act});
            stencil(scratch->planes, between, to, y, behind_planes, part, 2 * i,
                    (std::min)(2, to.count() - 2 * i));
            part.shortcut += shortcut == nullptr ? 0 : 2 * part.shortcut_step;
        }
        return;
    }
    case image_pass::pool:
        return image_pool(what.kind == primitive_kind::max_pool,
                          {in->of, out->of, what.kernel, what.stride, 1}, from, x, to, y);
    case image_pass::means:
        return image_means(from, x, y);
    case image_pass::squeeze_excite:
        return image_squeeze_excite(product, excite, from, x, to, y, between);
    case image_pass::affine:
        return image_affine(from, x, parameters.data(), product.bias, to, y, behind_planes, finish);
    case image_pass::custom:
        return image_custom(what, parameters, from, x, to, y, between);
    case image_pass::concatenate:
        return image_concatenate(behind_planes, memory + shortcut->offset, from, x, to, y);
    case image_pass::zeros:
        std::fill_n(y, to.size(), 0.0F);
        return;
    }
}

FITNAS_LAZY_AGAIN const float* image_engine::run(float* memory) const {
    for (const prepared& step : m_steps) {
        step.run(memory);
    }
    return memory + m_plan.tensors[static_cast<std::size_t>(m_plan.steps.back().out)].offset;
}

} // namespace fitnas::detail

#endif

#endif
