// Images that are read while a training computes: the same training, whoever reads them.
#include <atomic>
#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/supernet/train.hpp>

#include "../support/thrown.hpp"
#include "small_spaces.hpp"

using namespace fitnas;
using space = small::space;

namespace {

struct counts {
    std::atomic<int> reading{0};
    std::atomic<int> reads{0};
};

/// Images that take their time, and one that cannot be read.
class slow_images final : public image_source {
public:
    slow_images(const image_view& from, std::size_t broken)
        : m_from(from), m_broken(broken), m_counts(std::make_shared<counts>()) {}
    std::size_t size() const override { return m_from.size(); }
    shape image_shape() const override { return m_from.image_shape(); }
    int class_count() const override { return m_from.class_count(); }
    int label(std::size_t image) const override { return m_from.label(image); }
    const std::uint8_t* read(std::size_t image, std::uint8_t* room) const override {
        ++m_counts->reading;
        ++m_counts->reads;
        std::this_thread::sleep_for(std::chrono::microseconds(image % 3 == 0 ? 400 : 50));
        --m_counts->reading;
        if (image == m_broken) {
            throw data_error("no image there: " + std::to_string(image));
        }
        return m_from.read(image, room);
    }
    const counts& so_far() const { return *m_counts; }

private:
    image_view m_from;
    std::size_t m_broken;
    std::shared_ptr<counts> m_counts;
};

constexpr std::size_t none_broken = 1'000'000;

train_options options(read_ahead ahead) {
    return {.epochs = 2,
            .batch = 48,
            .augment = {.crop_padding = 1,
                        .flip = true,
                        .resized_crop = random_resized_crop{0.3},
                        .jitter = {.brightness = 0.3, .contrast = 0.2}},
            .ahead = ahead,
            .seed = seed{5}};
}

std::vector<float> trained(const image_source& data, const train_options& o) {
    supernet<space> net(seed{2});
    const train_report report = train(net, data, o);
    CHECK(report.waited >= 0);
    CHECK(report.waited <= report.seconds);
    return {net.parameters().begin(), net.parameters().end()};
}

} // namespace

TEST_CASE("a training has the same weights, however many threads read ahead, into whichever room") {
    const dataset data = small::images();
    const slow_images slow(data.train, none_broken);
    const std::vector<float> expected = trained(data.train, options({}));
    CHECK(expected != trained(data.train, {.epochs = 2, .batch = 48, .seed = seed{5}})); // colours matter
    for (const read_ahead ahead :
         {read_ahead{1}, read_ahead{3}, read_ahead{3, 48}, read_ahead{2, 59}, read_ahead{20, 10'000}}) {
        CAPTURE(ahead.threads);
        CAPTURE(ahead.images);
        CHECK(trained(data.train, options(ahead)) == expected);
        CHECK(trained(slow, options(ahead)) == expected);
    }
    CHECK(trained(slow, options({})) == expected);
}

TEST_CASE("a training that goes on reads on where it was stopped") {
    const dataset data = small::images();
    const auto steps = static_cast<long long>(data.train.size() / 48);
    REQUIRE(steps >= 2);
    const std::vector<float> expected = trained(data.train, options({}));
    for (const long long at : {1LL, steps - 1, steps, steps + 1}) {
        CAPTURE(at);
        supernet<space> net(seed{2});
        training_state kept;
        train_options first = options({2});
        first.keep.save = [&](const training_state& s) { kept = s; };
        long long done = 0;
        first.keep.stop = [&] { return ++done == at; };
        CHECK_THROWS_AS(train(net, data.train, first), interrupted);
        REQUIRE(kept.step == at);
        train_options rest = options({3, 100});
        rest.keep.save = [](const training_state&) {};
        rest.keep.from = &kept;
        train(net, data.train, rest);
        CHECK(std::equal(expected.begin(), expected.end(), net.parameters().begin()));
    }
}

TEST_CASE("what a read throws comes out of train, the same for all numbers of threads") {
    const dataset data = small::images();
    const slow_images slow(data.train, 7);
    for (const read_ahead ahead : {read_ahead{}, read_ahead{1}, read_ahead{3}, read_ahead{4, 500}}) {
        supernet<space> net(seed{2});
        const std::vector<float> before(net.parameters().begin(), net.parameters().end());
        CHECK(thrown<data_error>([&] { train(net, slow, options(ahead)); }) == "no image there: 7");
        CHECK(std::equal(before.begin(), before.end(), net.parameters().begin()));
        CHECK(slow.so_far().reading == 0);
    }
}

TEST_CASE("threads end with a training that is stopped, and no more is read than there is room for") {
    const dataset data = small::images();
    const slow_images slow(data.train, none_broken);
    train_options o = options({3, 50});
    o.augment.resized_crop.reset();
    int at_stop = 0;
    o.observer = [&](const progress& p) {
        CHECK(p.waited > 0);
        CHECK(p.waited <= p.seconds);
        std::this_thread::sleep_for(std::chrono::milliseconds(50)); // so that they have read what they may
        at_stop = slow.so_far().reads;
        throw interrupted("enough");
    };
    supernet<space> net(seed{2});
    CHECK_THROWS_AS(train(net, slow, o), interrupted);
    CHECK(slow.so_far().reading == 0);
    CHECK(at_stop == 512 + 48 + 50); // for mean and deviation, of the step, ahead
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    CHECK(slow.so_far().reads == at_stop);
}

TEST_CASE("threads and room outside their ranges are refused") {
    const dataset data = small::images();
    const auto text = [&](read_ahead ahead) {
        supernet<space> net;
        return thrown<option_error>([&] { train(net, data.train, options(ahead)); });
    };
    CHECK(contains(text({-1}), "[F0439] read_ahead::threads: expected 0 to 1024, got -1"));
    CHECK(contains(text({1025}), "[F0439]"));
    CHECK(contains(text({2, 47}), "[F0440] read_ahead::images: expected threads to read them, and 0 or at "
                                  "least a batch of 48, got 47 with 2 threads"));
    CHECK(contains(text({0, 100}), "got 100 with 0 threads"));
    CHECK(contains(text({1, std::size_t{1} << 60U}), "bytes"));
}
