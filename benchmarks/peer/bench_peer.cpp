// The peer's worker: the same work in LibTorch. Started by bench_train, bench_evaluate, bench_predictor and
// bench_job.
//
//   bench_peer <workload> <channels_last | contiguous> <threads>
//   bench_peer <W4train | W4rank | W8fit> <nodes_first | batch_first> <threads>
//
// Networks are made of the recipes of the space, so they are the same by construction; what is shared with
// our engine ends there.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <torch/torch.h>

#include "../worker.hpp"
#include "../workload.hpp"
#include "predictor.hpp"

namespace {

namespace F = torch::nn::functional;
using fitnas::primitive;
using fitnas::primitive_kind;
using torch::Tensor;

// One primitive with its parameters; undefined where it has none.
struct layer {
    primitive what;
    Tensor weight;
    Tensor bias;
};

// One operator in one layer of the supernet.
using block = std::vector<layer>;

// Random numbers in the layout `format`. Tensor::contiguous would leave a tensor of one channel, which is in
// both layouts, as it is; what follows it would then be taken to be contiguous.
Tensor random_tensor(at::IntArrayRef sizes, torch::MemoryFormat format) {
    return torch::empty(sizes, torch::TensorOptions().memory_format(format)).normal_();
}

block make_block(const fitnas::space_block& from, torch::MemoryFormat format) {
    block layers;
    fitnas::shape in = from.input;
    for (const primitive& p : from.steps) {
        layer l{p, {}, {}};
        const auto filter = [&](std::int64_t width, std::int64_t channels) {
            const double fan = static_cast<double>(channels * p.kernel * p.kernel);
            return random_tensor({width, channels, p.kernel, p.kernel}, format).mul_(std::sqrt(2 / fan));
        };
        switch (p.kind) {
        case primitive_kind::pointwise:
        case primitive_kind::convolution:
            l.weight = filter(p.width, in.channels);
            break;
        case primitive_kind::depthwise:
            l.weight = filter(in.channels, 1);
            break;
        case primitive_kind::batch_norm:
            l.weight = torch::ones(in.channels);
            l.bias = torch::zeros(in.channels);
            break;
        case primitive_kind::linear:
            l.weight = torch::randn({p.width, in.channels}) / std::sqrt(in.channels);
            l.bias = torch::zeros(p.width);
            break;
        default:
            break;
        }
        for (Tensor* t : {&l.weight, &l.bias}) {
            if (t->defined()) {
                t->requires_grad_();
            }
        }
        layers.push_back(l);
        in = p.output(in);
    }
    return layers;
}

Tensor run(const layer& l, const Tensor& x, const Tensor& block_input) {
    const primitive& p = l.what;
    switch (p.kind) {
    case primitive_kind::pointwise:
    case primitive_kind::convolution:
        return torch::conv2d(x, l.weight, {}, p.stride, p.kernel / 2);
    case primitive_kind::depthwise:
        return torch::conv2d(x, l.weight, {}, p.stride, p.kernel / 2, 1, x.size(1));
    case primitive_kind::batch_norm: // with the batch's statistics, and no running ones
        return torch::batch_norm(x, l.weight, l.bias, {}, {}, true, 0.1, 1e-5, false);
    case primitive_kind::activate:
        if (p.act != fitnas::activation::relu) {
            break;
        }
        // In place, as what it follows does not need its output; what comes into a block others may read.
        return x.is_same(block_input) ? x.relu() : x.relu_();
    case primitive_kind::average_pool: // pixels outside do not count
        return torch::avg_pool2d(x, p.kernel, p.stride, (p.kernel - 1) / 2, false, false);
    case primitive_kind::global_pool:
        return torch::adaptive_avg_pool2d(x, {1, 1}).flatten(1);
    case primitive_kind::linear:
        return torch::linear(x, l.weight, l.bias);
    case primitive_kind::residual_if_same_shape:
        return x.sizes() == block_input.sizes() ? x + block_input : x;
    default:
        break;
    }
    throw std::invalid_argument("the peer does not know a primitive of the space");
}

class supernet {
public:
    supernet(const fitnas::space_layout& space, torch::MemoryFormat format) : m_space(space) {
        for (const fitnas::space_block& b : space.blocks) {
            m_blocks.push_back(make_block(b, format));
        }
    }

    // Digits of `code`: one operator a cell.
    Tensor logits(const Tensor& x, const std::vector<std::uint8_t>& code) const {
        std::vector<Tensor> values(m_space.layers.size() + 1);
        values[0] = x;
        return value(m_space.layers.back().to, code, values);
    }
    std::vector<Tensor> parameters() const {
        std::vector<Tensor> all;
        for (const block& b : m_blocks) {
            for (const layer& l : b) {
                for (const Tensor& t : {l.weight, l.bias}) {
                    if (t.defined()) {
                        all.push_back(t);
                    }
                }
            }
        }
        return all;
    }

    // Calls visit(tensor, how many of the paths use it) for all parameters.
    template <class Visit>
    void for_each_use(const std::vector<std::vector<std::uint8_t>>& codes, Visit&& visit) const {
        std::vector<std::size_t> uses(m_blocks.size());
        for (const std::vector<std::uint8_t>& code : codes) {
            for (const fitnas::space_layer& l : m_space.layers) {
                ++uses[static_cast<std::size_t>(m_space.block_index(l, code))];
            }
        }
        for (std::size_t b = 0; b < uses.size(); ++b) {
            for (const layer& l : m_blocks[b]) {
                for (const Tensor& t : {l.weight, l.bias}) {
                    if (t.defined()) {
                        visit(t, uses[b]);
                    }
                }
            }
        }
    }

private:
    // What a node comes to. Layers that lead to nothing that is asked for are not run.
    // @return undefined where nothing comes to a node inside a graph
    Tensor value(int node, const std::vector<std::uint8_t>& code, std::vector<Tensor>& values) const {
        Tensor& sum = values[static_cast<std::size_t>(node)];
        if (sum.defined()) {
            return sum;
        }
        auto l = std::find_if(m_space.layers.begin(), m_space.layers.end(),
                              [&](const fitnas::space_layer& one) { return one.to == node; });
        const fitnas::space_layer& first = *l;
        for (; l != m_space.layers.end() && l->to == node; ++l) {
            const auto number = static_cast<std::size_t>(m_space.block_index(*l, code));
            const Tensor input =
                m_space.blocks[number].steps.gives_zeros() ? Tensor() : value(l->from, code, values);
            if (!input.defined()) {
                continue;
            }
            Tensor x = input;
            for (const layer& one : m_blocks[number]) {
                x = run(one, x, input);
            }
            sum = sum.defined() ? sum + x : x;
        }
        if (!sum.defined() && !first.inside) {
            const fitnas::shape s = m_space.block(first, code).output;
            sum = torch::zeros({values[0].size(0), s.channels, s.height, s.width});
        }
        return sum;
    }

    fitnas::space_layout m_space;
    std::vector<block> m_blocks;
};

struct batch {
    Tensor images;
    Tensor labels;
};
batch random_batch(int images, const fitnas::space_layout& space, torch::MemoryFormat format) {
    const fitnas::shape s = space.input;
    return {random_tensor({images, s.channels, s.height, s.width}, format),
            torch::randint(space.classes, {images}, torch::kLong)};
}

// Each gradient becomes the mean over the paths of the step that use its block.
void average_gradients(const supernet& net, const std::vector<std::vector<std::uint8_t>>& codes) {
    if (codes.size() == 1) {
        return;
    }
    net.for_each_use(codes, [](const Tensor& t, std::size_t uses) {
        if (uses > 1 && t.grad().defined()) {
            t.mutable_grad().div_(static_cast<double>(uses));
        }
    });
}

// Answers "train <codes> <steps>" with seconds, the last loss, and how many parameters got a gradient.
int serve_training(const std::string& workload, torch::MemoryFormat format) {
    const bench::training work = bench::training_workload(workload);
    const supernet net(work.space, format);
    const batch data = random_batch(work.batch, work.space, format);
    const std::vector<Tensor> parameters = net.parameters();
    torch::optim::SGD optimiser(parameters, torch::optim::SGDOptions(0.01).momentum(0.9).weight_decay(4e-5));
    return bench::serve([&](const std::string&, std::istream& arguments) {
        std::string digits;
        int steps = 0;
        arguments >> digits >> steps;
        const auto codes = bench::codes_of(digits);
        Tensor loss;
        const bench::clock::time_point start = bench::clock::now();
        for (int i = 0; i < steps; ++i) {
            // SGD skips what has no gradient. Its own zero_grad would leave zeros there, and decay those
            // weights.
            for (const Tensor& p : parameters) {
                p.mutable_grad().reset();
            }
            for (const auto& code : codes) {
                loss = F::cross_entropy(net.logits(data.images, code), data.labels);
                loss.backward();
            }
            average_gradients(net, codes);
            optimiser.step();
        }
        const double seconds = bench::seconds_since(start);
        std::int64_t trained = 0;
        for (const Tensor& p : parameters) {
            trained += p.grad().defined() ? p.numel() : 0;
        }
        return std::to_string(seconds) + " " + std::to_string(loss.item<float>()) + " " +
               std::to_string(trained);
    });
}

// Answers "score <first> <stride> [images]" with seconds and the mean accuracy of every stride-th
// sub-network; the images go through together, or so many at a time.
template <class Space>
int serve_scoring(const bench::scoring<Space>& work, torch::MemoryFormat format) {
    const supernet net(Space::layout(), format);
    const batch data = random_batch(work.images, Space::layout(), format);
    return bench::serve([&](const std::string&, std::istream& arguments) {
        std::size_t first = 0;
        std::size_t stride = 1;
        std::int64_t together = 0;
        arguments >> first >> stride;
        if (!(arguments >> together)) {
            together = work.images;
        }
        const std::vector<Tensor> images = data.images.split(together);
        const std::vector<Tensor> labels = data.labels.split(together);
        const auto some = bench::every(work.architectures, first, stride);
        const torch::InferenceMode guard;
        double accuracy = 0;
        const bench::clock::time_point start = bench::clock::now();
        for (const fitnas::architecture<Space>& a : some) {
            for (std::size_t i = 0; i < images.size(); ++i) {
                const Tensor chosen = net.logits(images[i], {a.begin(), a.end()}).argmax(1);
                accuracy += chosen.eq(labels[i]).sum().item<double>() / work.images;
            }
        }
        const double seconds = bench::seconds_since(start);
        return std::to_string(seconds) + " " + std::to_string(accuracy / static_cast<double>(some.size()));
    });
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 4) {
        std::cerr << "usage: bench_peer <workload> <variant> <threads>\n";
        return 2;
    }
    const std::string workload = argv[1];
    const auto format = std::string(argv[2]) == "channels_last" ? torch::MemoryFormat::ChannelsLast
                                                                : torch::MemoryFormat::Contiguous;
    torch::set_num_threads(std::stoi(argv[3]));
    torch::manual_seed(1);
    if (workload.rfind("W4", 0) == 0) {
        return serve_predictor(argv[2]);
    }
    if (workload == "W8fit") {
        return serve_default_fit(argv[2]);
    }
    if (workload == "W8" || workload.rfind("W3", 0) == 0 || workload.rfind("W7", 0) == 0) {
        return bench::with_scoring(workload, [&](const auto& work) { return serve_scoring(work, format); });
    }
    return serve_training(workload, format);
}
