/// @file
/// @brief Planes of a depthwise convolution: some channels of one image in cache, and where they come from.

#ifndef FITNAS_CPU_PLANES_HPP
#define FITNAS_CPU_PLANES_HPP

#include <fitnas/cpu/stencil.hpp>

namespace fitnas::detail {

/// The geometry of a depthwise convolution's planes: `lanes` channels of one image, zeros around them,
/// [y][x][lanes].
struct depthwise_geometry {
    shape in;
    shape out;
    int kernel;
    int stride;
    stencil_kernel forward;

    depthwise_geometry(shape in_, int kernel_, int stride_)
        : in(in_),
          out(cell{in, in.channels, stride_}.output()),
          kernel(kernel_),
          stride(stride_),
          forward(kernel, stride, out.width) {}

    int padding() const { return kernel / 2; }
    int taps() const { return kernel * kernel; }
    int plane_width() const { return in.width + 2 * padding() + 1 + forward.excess_columns(out.width); }
    std::size_t plane_size() const {
        return size(in.height + 2 * padding() + 1 + forward.excess_rows(out.height), plane_width());
    }

    /// The plane of the output's gradient has `margin` zeros around it: no window of any phase of the input's
    /// gradient reaches further.
    int margin() const { return (kernel + stride - 1) / stride; }
    int gradient_width() const {
        return out.width + 2 * margin() +
               most_of_phases(in.width, [](const stencil_kernel& s, int n) { return s.excess_columns(n); });
    }
    std::size_t gradient_size() const {
        return size(
            out.height + 2 * margin() +
                most_of_phases(in.height, [](const stencil_kernel& s, int n) { return s.excess_rows(n); }),
            gradient_width());
    }

    /// Planes that are worked on together: one where more would leave the cache by far.
    int planes() const {
        return planes_at_once * (plane_size() + gradient_size()) > std::size_t{1} << 20U ? 1 : planes_at_once;
    }

private:
    /// The phases of `n` input pixels have one of two numbers of pixels.
    template <class Excess>
    int most_of_phases(int n, Excess excess) const {
        const int few = (std::max)(1, n / stride);
        const int many = (n + stride - 1) / stride;
        return (std::max)(excess(stencil_kernel(1, 1, few), few), excess(stencil_kernel(1, 1, many), many));
    }
    static std::size_t size(int height, int width) {
        return static_cast<std::size_t>(height) * static_cast<std::size_t>(width) *
               static_cast<std::size_t>(lanes);
    }
};

/// Writes an image of `height` x `width` pixels into the inside of planes of zeros: `value(offset, i, count)`
/// is the vector of plane i's channels of the pixel that lies `offset` values behind the first, `count` of
/// them there.
template <class Value>
FITNAS_INLINE void fill_planes(int height, int width, int channels, int c, int planes, float* plane,
                               std::size_t plane_size, int plane_width, int margin, Value&& value) {
    const auto fill = [=](auto all, auto&& get) FITNAS_INLINE_LAMBDA {
        float* row = plane + (static_cast<std::ptrdiff_t>(margin) * plane_width + margin) * lanes;
        std::ptrdiff_t offset = 0;
        for (int y = 0; y < height; ++y, row += static_cast<std::ptrdiff_t>(plane_width) * lanes) {
            float* to = row;
            for (int x = 0; x < width; ++x, to += lanes, offset += channels) {
                if constexpr (all()) {
                    FITNAS_UNROLL(4)
                    for (int i = 0; i < planes_at_once; ++i) {
                        simd::store(to + static_cast<std::size_t>(i) * plane_size, get(offset, i, lanes));
                    }
                } else {
                    for (int i = 0; i < planes; ++i) {
                        simd::store(to + static_cast<std::size_t>(i) * plane_size,
                                    get(offset, i, channels - c - i * lanes));
                    }
                }
            }
        }
    };
    if (planes == planes_at_once && channels - c >= planes_at_once * lanes) {
        fill(std::true_type(), value);
    } else {
        fill(std::false_type(), value);
    }
}

/// How many values further the channels lie that are read after those from c on: the image's next, then the
/// next image's first. They are asked for while these are read, or worked on.
inline std::ptrdiff_t next_planes(shape image, int c, int planes) {
    return c + planes * lanes < image.channels ? planes * lanes : image.size() - c;
}
/// Channels that are read next, plane by plane: while the planes before are worked on, their pixels are asked
/// for one by one.
struct next_pixels {
    const float* at[planes_at_once] = {}; ///< nullptr: nothing to ask for
    std::ptrdiff_t step = 0;              ///< from pixel to pixel

    /// @param p images x image
    next_pixels(const float* p, shape image, std::ptrdiff_t n, int images, int c, int planes)
        : step(image.channels) {
        if (asks_while_computing && (c + planes * lanes < image.channels || n + 1 < images)) {
            for (int i = 0; i < planes; ++i) {
                at[i] = p + n * image.size() + c + next_planes(image, c, planes) + i * lanes;
            }
        }
    }
    next_pixels() = default;
};

/// Some planes' channels of an image where they lie raw, and where their gradient goes.
struct input_place {
    const float* z; ///< pixel (0, 0) of the first plane; the others' steps are those of du
    float* du;
    const float* addend; ///< nullptr: none
    std::ptrdiff_t row_step;
    std::ptrdiff_t pixel_step;
    std::ptrdiff_t plane_step;
    bool streams;
};

/// Where the input of a depthwise convolution comes from, some channels of one image at a time.
class plane_source {
public:
    virtual ~plane_source() = default;
    affine_input x; ///< what is pending on it; z may be missing

    /// Floats of scratch of a thread.
    virtual std::size_t scratch() const { return 0; }
    /// Backward, before a group's first image.
    virtual void begin(int /*group*/) const {}
    /// Before an image's first planes.
    virtual void begin_image(std::ptrdiff_t /*image*/, float* /*scratch*/) const {}
    /// Writes channels from c on into the inside of planes of zeros, batch norm and activation applied.
    virtual void read(const depthwise_geometry& g, std::ptrdiff_t image, int c, int planes, float* plane,
                      float* scratch) const = 0;
    /// What `read` will read next.
    virtual next_pixels next(std::ptrdiff_t /*image*/, int /*c*/, int /*planes*/) const { return {}; }
    /// Backward, of the planes that were read last; du is nullptr where nobody needs the gradient.
    virtual input_place place(std::ptrdiff_t image, int c, float* scratch) const = 0;
    /// Backward, when their gradient is there.
    virtual void finish(int /*group*/, std::ptrdiff_t /*image*/, int /*c*/, int /*planes*/,
                        float* /*scratch*/) const {}

protected:
    explicit plane_source(const affine_input& x_) : x(x_) {}
};

/// Channels from c on of one image, batch norm and activation applied.
inline void read_planes(const affine_input& x, const depthwise_geometry& g, std::ptrdiff_t image, int c,
                        int planes, float* plane) {
    const float* z = x.z + image * g.in.size() + c;
    const std::ptrdiff_t ahead = next_planes(g.in, c, planes);
    vec<> scale[planes_at_once] = {};
    vec<> shift[planes_at_once] = {};
    for (int i = 0; i < planes; ++i) {
        const affine u(x, c + i * lanes);
        scale[i] = u.scale;
        shift[i] = u.shift;
    }
    with_activation(x.act, [&](auto act) {
        fill_planes(g.in.height, g.in.width, g.in.channels, c, planes, plane, g.plane_size(), g.plane_width(),
                    g.padding(), [=](std::ptrdiff_t offset, int i, int count) FITNAS_INLINE_LAMBDA {
                        const float* from = z + offset + i * lanes;
                        prefetch(from + ahead, i * lanes);
                        return apply<act()>(simd::fma(simd::load(from, count), scale[i], shift[i]));
                    });
    });
}

/// Channels from c on of one image's gradient at the output.
inline void read_planes(const gradient_input& gradient, const depthwise_geometry& g, std::ptrdiff_t image,
                        int c, int planes, float* plane) {
    const std::ptrdiff_t first = image * g.out.size() + c;
    const float* du = gradient.du + first;
    const float* z = gradient.z + first;
    const std::ptrdiff_t ahead = next_planes(g.out, c, planes);
    const auto fill = [&](auto&& value) FITNAS_INLINE_LAMBDA {
        fill_planes(g.out.height, g.out.width, g.in.channels, c, planes, plane, g.gradient_size(),
                    g.gradient_width(), g.margin(), value);
    };
    if (gradient.a == nullptr) {
        fill([=](std::ptrdiff_t offset, int i, int count) FITNAS_INLINE_LAMBDA {
            prefetch(du + offset + i * lanes + ahead, i * lanes);
            return simd::load(du + offset + i * lanes, count);
        });
        return;
    }
    vec<> a[planes_at_once] = {};
    vec<> b[planes_at_once] = {};
    vec<> constant[planes_at_once] = {};
    for (int i = 0; i < planes; ++i) {
        a[i] = simd::load(gradient.a + c + i * lanes);
        b[i] = simd::load(gradient.b + c + i * lanes);
        constant[i] = simd::load(gradient.c + c + i * lanes);
    }
    fill([=](std::ptrdiff_t offset, int i, int count) FITNAS_INLINE_LAMBDA {
        prefetch(du + offset + i * lanes + ahead, i * lanes);
        prefetch(z + offset + i * lanes + ahead, i * lanes);
        return simd::fma(a[i], simd::load(du + offset + i * lanes, count),
                         simd::fma(b[i], simd::load(z + offset + i * lanes, count), constant[i]));
    });
}

/// A tensor in memory, N x H x W x C.
class stored_planes final : public plane_source {
public:
    /// @param out where backward's gradient goes
    stored_planes(const affine_input& x_, shape in, int images, const gradient_output& out = {})
        : plane_source(x_),
          m_in(in),
          m_images(images),
          m_out(out),
          m_streams(out.du != nullptr && streams(out.du, in.pixels() * images, in.channels)) {}

    void read(const depthwise_geometry& g, std::ptrdiff_t image, int c, int planes, float* plane,
              float* /*scratch*/) const override {
        read_planes(x, g, image, c, planes, plane);
    }
    next_pixels next(std::ptrdiff_t image, int c, int planes) const override {
        return {x.z, m_in, image, m_images, c, planes};
    }
    input_place place(std::ptrdiff_t image, int c, float* /*scratch*/) const override {
        const std::ptrdiff_t first = image * m_in.size() + c;
        return {x.z + first,
                m_out.du == nullptr ? nullptr : m_out.du + first,
                m_out.addend == nullptr ? nullptr : m_out.addend + first,
                static_cast<std::ptrdiff_t>(m_in.width) * m_in.channels,
                m_in.channels,
                lanes,
                m_streams};
    }

private:
    shape m_in;
    int m_images;
    gradient_output m_out;
    bool m_streams;
};

} // namespace fitnas::detail

#endif
