/// @file
/// @brief Where the planes of a depthwise convolution come from, and where their gradient goes.

#ifndef FITNAS_CPU_PLANE_SOURCE_HPP
#define FITNAS_CPU_PLANE_SOURCE_HPP

#include <cstddef>

#include <fitnas/cpu/planes.hpp>

namespace fitnas::detail {

/// Channels that are read next, plane by plane: while the planes before are worked on, their pixels are asked
/// for one by one.
struct next_pixels {
    const float* at[planes_at_once] = {}; ///< nullptr: nothing to ask for
    std::ptrdiff_t step = 0;              ///< from pixel to pixel

    /// @param p images x image
    next_pixels(const float* p, shape image, std::ptrdiff_t n, int images, const plane_range& range)
        : step(image.channels) {
        if (prefetches_in_products &&
            (range.channel + range.count * lanes < image.channels || n + 1 < images)) {
            for (int i = 0; i < range.count; ++i) {
                at[i] = p + n * image.size() + range.channel + next_planes(image, range) + i * lanes;
            }
        }
    }
    next_pixels() = default;
};

/// Where the raw input of some planes lies, and where its gradient goes.
struct input_place {
    const float* z; ///< pixel (0, 0) of the first plane; the others' steps are those of du
    float* du;
    const float* addend; ///< nullptr: none
    std::ptrdiff_t row_step;
    std::ptrdiff_t pixel_step;
    std::ptrdiff_t plane_step;
    bool streams;
};

/// Where the input of a depthwise convolution comes from, some planes of one image at a time.
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
    /// Writes planes into the inside of planes of zeros, batch norm and activation applied.
    virtual void read(const depthwise_planes& g, std::ptrdiff_t image, const plane_range& range, float* plane,
                      float* scratch) const = 0;
    /// What `read` will read next.
    virtual next_pixels next(std::ptrdiff_t /*image*/, const plane_range& /*range*/) const { return {}; }
    /// Backward, of the planes that were read last; du is nullptr where nobody needs the gradient.
    virtual input_place place(std::ptrdiff_t image, const plane_range& range, float* scratch) const = 0;
    /// Backward, when their gradient is there.
    virtual void finish(int /*group*/, std::ptrdiff_t /*image*/, const plane_range& /*range*/,
                        float* /*scratch*/) const {}

protected:
    explicit plane_source(const affine_input& x_) : x(x_) {}
};

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

    void read(const depthwise_planes& g, std::ptrdiff_t image, const plane_range& range, float* plane,
              float* /*scratch*/) const override {
        read_planes(x, g, image, range, plane);
    }
    next_pixels next(std::ptrdiff_t image, const plane_range& range) const override {
        return {x.z, m_in, image, m_images, range};
    }
    input_place place(std::ptrdiff_t image, const plane_range& range, float* /*scratch*/) const override {
        const std::ptrdiff_t first = image * m_in.size() + range.channel;
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
