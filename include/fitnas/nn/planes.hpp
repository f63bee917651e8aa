/// @file
/// @brief Planes of a depthwise convolution: some channels of one image in cache, and where they come from.

#ifndef FITNAS_NN_PLANES_HPP
#define FITNAS_NN_PLANES_HPP

#include <fitnas/nn/stencil.hpp>

namespace fitnas::detail {

/// The geometry of a depthwise convolution's planes: `W` channels of one image, zeros around them, [y][x][W].
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
    int plane_width() const { return in.width + 2 * padding() + 1 + forward.excess_columns(); }
    std::size_t plane_size() const {
        return size(in.height + 2 * padding() + 1 + forward.excess_rows(), plane_width());
    }

    /// The plane of the output's gradient has `margin` zeros around it: no window of any phase of the input's
    /// gradient reaches further.
    int margin() const { return (kernel + stride - 1) / stride; }
    int gradient_width() const { return out.width + 2 * margin() + stencil_tile / 2; }
    std::size_t gradient_size() const { return size(out.height + 2 * margin() + 4, gradient_width()); }

    /// Planes that are worked on together: one where more would leave the cache by far.
    int planes() const {
        return planes_at_once * (plane_size() + gradient_size()) > std::size_t{1} << 20U ? 1 : planes_at_once;
    }

private:
    static std::size_t size(int height, int width) {
        return static_cast<std::size_t>(height) * static_cast<std::size_t>(width) *
               static_cast<std::size_t>(W);
    }
};

/// Writes an image of `height` x `width` pixels into the inside of planes of zeros: `value(pixel, i, count)`
/// is the vector of plane i's channels of a pixel, `count` of them there.
template <class Value>
FITNAS_INLINE void fill_planes(int height, int width, int channels, int c, int planes, float* plane,
                               std::size_t plane_size, int plane_width, int margin, Value&& value) {
    const auto fill = [&](auto all) FITNAS_INLINE_LAMBDA {
        std::ptrdiff_t pixel = 0;
        for (int y = 0; y < height; ++y) {
            float* to = plane + (static_cast<std::ptrdiff_t>(y + margin) * plane_width + margin) * W;
            for (int x = 0; x < width; ++x, to += W, ++pixel) {
                if constexpr (all()) {
                    FITNAS_UNROLL(4)
                    for (int i = 0; i < planes_at_once; ++i) {
                        simd::store(to + static_cast<std::size_t>(i) * plane_size, value(pixel, i, W));
                    }
                } else {
                    for (int i = 0; i < planes; ++i) {
                        simd::store(to + static_cast<std::size_t>(i) * plane_size,
                                    value(pixel, i, channels - c - i * W));
                    }
                }
            }
        }
    };
    if (planes == planes_at_once && channels - c >= planes_at_once * W) {
        fill(std::true_type());
    } else {
        fill(std::false_type());
    }
}

/// How many values further the channels lie that are read after those from c on: the image's next, then the
/// next image's first. They are asked for while these are read.
inline std::ptrdiff_t next_planes(shape image, int c, int planes) {
    return c + planes * W < image.channels ? planes * W : image.size() - c;
}

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
    /// Backward, of the planes that were read last; du is nullptr where nobody needs the gradient.
    virtual input_place place(std::ptrdiff_t image, int c, float* scratch) const = 0;
    /// Backward, when their gradient is there.
    virtual void finish(int /*group*/, std::ptrdiff_t /*image*/, int /*c*/, int /*planes*/,
                        float* /*scratch*/) const {}

protected:
    explicit plane_source(const affine_input& x_) : x(x_) {}
    ~plane_source() = default;
};

/// Channels from c on of one image, batch norm and activation applied.
inline void read_planes(const affine_input& x, const depthwise_geometry& g, std::ptrdiff_t image, int c,
                        int planes, float* plane) {
    const float* z = x.z + image * g.in.size();
    const int channels = g.in.channels;
    const std::ptrdiff_t ahead = next_planes(g.in, c, planes);
    with_activation(x.act, [&](auto act) {
        fill_planes(g.in.height, g.in.width, channels, c, planes, plane, g.plane_size(), g.plane_width(),
                    g.padding(), [&](std::ptrdiff_t pixel, int i, int count) FITNAS_INLINE_LAMBDA {
                        const float* from = z + pixel * channels + c + i * W;
                        prefetch(from + ahead, i * W);
                        return apply<act()>(affine(x, c + i * W)(simd::load(from, count)));
                    });
    });
}

/// Channels from c on of one image's gradient at the output.
inline void read_planes(const gradient_input& gradient, const depthwise_geometry& g, std::ptrdiff_t image,
                        int c, int planes, float* plane) {
    const std::ptrdiff_t first = image * g.out.size();
    const int channels = g.in.channels;
    const std::ptrdiff_t ahead = next_planes(g.out, c, planes);
    fill_planes(g.out.height, g.out.width, channels, c, planes, plane, g.gradient_size(), g.gradient_width(),
                g.margin(), [&](std::ptrdiff_t pixel, int i, int count) FITNAS_INLINE_LAMBDA {
                    const int at = c + i * W;
                    const std::ptrdiff_t offset = first + pixel * channels + at;
                    prefetch(gradient.du + offset + ahead, i * W);
                    prefetch(gradient.z + offset + ahead, i * W);
                    return read(gradient, gradient.du + offset, gradient.z + offset, at, count);
                });
}

/// A tensor in memory, N x H x W x C.
class stored_planes final : public plane_source {
public:
    /// @param out where backward's gradient goes
    stored_planes(const affine_input& x_, shape in, int images, const gradient_output& out = {})
        : plane_source(x_),
          m_in(in),
          m_out(out),
          m_streams(out.du != nullptr &&
                    streams(out.du, in.pixels() * images, in.channels, stream_backward)) {}

    void read(const depthwise_geometry& g, std::ptrdiff_t image, int c, int planes, float* plane,
              float* /*scratch*/) const override {
        read_planes(x, g, image, c, planes, plane);
    }
    input_place place(std::ptrdiff_t image, int c, float* /*scratch*/) const override {
        const std::ptrdiff_t first = image * m_in.size() + c;
        return {x.z + first,
                m_out.du == nullptr ? nullptr : m_out.du + first,
                m_out.addend == nullptr ? nullptr : m_out.addend + first,
                static_cast<std::ptrdiff_t>(m_in.width) * m_in.channels,
                m_in.channels,
                W,
                m_streams};
    }

private:
    shape m_in;
    gradient_output m_out;
    bool m_streams;
};

} // namespace fitnas::detail

#endif
