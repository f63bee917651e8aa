/// @file
/// @brief Images of a training that are read while it computes.

#ifndef FITNAS_DATA_READ_AHEAD_HPP
#define FITNAS_DATA_READ_AHEAD_HPP

#include <cstddef>
#include <memory>

#include <fitnas/config.hpp>
#include <fitnas/core/rng.hpp>
#include <fitnas/data/batch.hpp>
#include <fitnas/data/image_source.hpp>

namespace fitnas {

/// @brief How images are read ahead: for sources that decode, or fetch, what they are asked for.
struct read_ahead {
    /// That read beside those of the engine, which wait for them where they must, 0 to 1024; 0: the engine's
    /// threads read the images of a batch when it is due.
    int threads = 0;
    std::size_t images = 0; ///< that are kept at once, decoded, at least a batch; 0: two batches
};

namespace detail {

/// @throws option_error where an option is outside its range
FITNAS_LAZY FITNAS_COLD void require_read_ahead(const read_ahead& o, std::size_t batch);

/// Whose images, in which order, changed how.
struct epoch_order {
    const image_source& data;
    const augmentation& augment;
    seed random;
    std::size_t batch; ///< images of a step; an incomplete last batch of an epoch is left out
    std::size_t first; ///< of those of a step, the first that is wanted
    std::size_t count; ///< of these
};

/// Batches, one after the other.
struct coming_batches {
    coming_batches() = default;
    coming_batches(const coming_batches&) = delete;
    coming_batches& operator=(const coming_batches&) = delete;
    /// Waits for reads that have begun.
    virtual ~coming_batches() = default;
    virtual void next(const normalisation& norm, float* images, int* labels) = 0;
};

/// The batches of a training, one after the other, which threads of its own read ahead into a ring. They are
/// the same for every number of threads, and what a read throws is thrown where its image is due.
class batches_ahead {
public:
    /// @param order which outlives it, with what it names
    /// @param options with threads
    /// @param first,last steps
    /// @throws option_error where a thread cannot be started
    FITNAS_LAZY batches_ahead(const epoch_order& order, const read_ahead& options, std::size_t first,
                              std::size_t last);

    /// The next batch, as `load_batch` gives it.
    void next(const normalisation& norm, float* images, int* labels) { m_ring->next(norm, images, labels); }

private:
    std::unique_ptr<coming_batches> m_ring;
};

} // namespace detail

} // namespace fitnas

#if FITNAS_DEFINITIONS

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <fitnas/core/error.hpp>
#include <fitnas/core/parallel.hpp>

namespace fitnas::detail {

FITNAS_LAZY_AGAIN void require_read_ahead(const read_ahead& o, std::size_t batch) {
    if (o.threads < 0 || o.threads > 1024) {
        throw option_error("[F0439] read_ahead::threads: expected 0 to 1024, got " +
                           std::to_string(o.threads));
    }
    if (o.images != 0 && (o.threads == 0 || o.images < batch)) {
        throw option_error(
            "[F0440] read_ahead::images: expected threads to read them, and 0 or at least a batch of " +
            std::to_string(batch) + ", got " + std::to_string(o.images) + " with " +
            std::to_string(o.threads) + " threads");
    }
}

/// Image n of the training has place n modulo their number; a batch is given back as a whole.
FITNAS_LAZY class batch_ring final : public coming_batches {
public:
    batch_ring(const epoch_order& order, const read_ahead& options, std::size_t first, std::size_t last)
        : m_order(order),
          m_room(order.data.image_shape(), places_of(order, options)),
          m_places(places_of(order, options)),
          m_taken(first * order.count),
          m_due(m_taken),
          m_end(last * order.count) {
        require_augmentation(order.augment, order.data.image_shape());
        try {
            for (int i = 0; i < options.threads; ++i) {
                m_threads.emplace_back([this] { read(); });
            }
        } catch (const std::system_error& e) {
            stop();
            throw option_error("[F0438] read_ahead::threads: thread " + std::to_string(m_threads.size() + 1) +
                               " of " + std::to_string(options.threads) + " cannot be started: " + e.what());
        }
    }
    ~batch_ring() override { stop(); }
    batch_ring(const batch_ring&) = delete;
    batch_ring& operator=(const batch_ring&) = delete;

    void next(const normalisation& norm, float* images, int* labels) override {
        wait();
        const shape one = m_order.data.image_shape();
        const std::vector<float> values = byte_values(norm);
        parallel_for(static_cast<std::ptrdiff_t>(m_order.count), [&](std::ptrdiff_t i) {
            const place& from = at(m_due + static_cast<std::size_t>(i));
            place_image(from.pixels, one, from.number, values.data(), m_order.augment, m_order.random,
                        from.epoch, images + i * one.size());
            labels[i] = m_order.data.label(from.number);
        });
        const std::lock_guard<std::mutex> lock(m_mutex);
        for (std::size_t i = 0; i < m_order.count; ++i) {
            at(m_due + i).pixels = nullptr;
        }
        m_due += m_order.count;
        m_free.notify_all();
    }

private:
    struct place {
        std::size_t number = 0; ///< of the image in the source
        std::uint64_t epoch = 0;
        const std::uint8_t* pixels = nullptr; ///< null until they are there
        std::exception_ptr failure;           ///< in place of pixels
        bool there() const { return pixels != nullptr || failure; }
    };

    static std::size_t places_of(const epoch_order& order, const read_ahead& options) {
        return options.images != 0 ? options.images : 2 * order.count;
    }
    place& at(std::size_t n) { return m_places[n % m_places.size()]; }

    /// For the batch that is due.
    void wait() {
        std::unique_lock<std::mutex> lock(m_mutex);
        for (m_awaited = m_due; m_awaited < m_due + m_order.count; ++m_awaited) {
            m_there.wait(lock, [&] { return at(m_awaited).there(); });
            if (at(m_awaited).failure) {
                std::rethrow_exception(at(m_awaited).failure);
            }
        }
    }

    /// What each thread does.
    void read() {
        std::unique_lock<std::mutex> lock(m_mutex);
        for (;;) {
            m_free.wait(lock, [&] { return m_stopped || m_taken < m_due + m_places.size(); });
            if (m_stopped || m_taken == m_end) {
                return;
            }
            const std::size_t n = m_taken++;
            place& to = at(n);
            std::uint8_t* const room = m_room.of(static_cast<std::ptrdiff_t>(n % m_places.size()));
            const std::uint8_t* pixels = nullptr;
            std::exception_ptr failure;
            try {
                name(n, to);
                lock.unlock();
                pixels =
                    read_augmented(m_order.data, to.number, m_order.augment, m_order.random, to.epoch, room);
            } catch (...) {
                failure = std::current_exception();
            }
            if (!lock.owns_lock()) {
                lock.lock();
            }
            to.pixels = pixels;
            to.failure = failure;
            if (n == m_awaited) {
                m_there.notify_one();
            }
        }
    }

    /// Which image is the n-th of the training. Epochs come one after the other.
    void name(std::size_t n, place& to) {
        const std::size_t images = m_order.data.size();
        const std::size_t steps = images / m_order.batch; // of an epoch
        const std::size_t step = n / m_order.count;
        to.epoch = step / steps;
        if (m_numbers.empty() || to.epoch != m_epoch) {
            m_numbers = shuffled_indices(images, m_order.random, to.epoch);
            m_epoch = to.epoch;
        }
        to.number = m_numbers[step % steps * m_order.batch + m_order.first + n % m_order.count];
    }

    void stop() {
        {
            const std::lock_guard<std::mutex> lock(m_mutex);
            m_stopped = true;
            m_free.notify_all();
        }
        for (std::thread& t : m_threads) {
            t.join();
        }
    }

    const epoch_order m_order;
    reading_room m_room;
    std::vector<place> m_places;
    std::mutex m_mutex;                 // of what follows
    std::condition_variable m_free;     // places, or the end
    std::condition_variable m_there;    // the image that is awaited
    std::vector<std::size_t> m_numbers; // of the images of m_epoch, in its order
    std::uint64_t m_epoch = 0;
    std::size_t m_taken; // the next to be read
    std::size_t m_due;   // the first of the next batch
    std::size_t m_end;   // behind the last
    std::size_t m_awaited = 0;
    bool m_stopped = false;
    std::vector<std::thread> m_threads;
};

FITNAS_LAZY_AGAIN batches_ahead::batches_ahead(const epoch_order& order, const read_ahead& options,
                                               std::size_t first, std::size_t last)
    : m_ring(new batch_ring(order, options, first, last)) {}

} // namespace fitnas::detail

#endif

#endif
