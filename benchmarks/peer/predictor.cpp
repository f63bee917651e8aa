// Forward, backward, loss and Adam are LibTorch's. First weights, the order of the samples and the learning
// rate of a step are those of `fitnas::fit`, so that both sides do the same work, and can be seen to.

#include "predictor.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

#include <torch/torch.h>

#include "../predictor_workload.hpp"
#include "../worker.hpp"
#include "gcn.hpp"

namespace {

using namespace bench;
using peer::adjacency_of;
using peer::network;
using torch::Tensor;

constexpr std::int64_t nodes = w4_space::cells;
constexpr std::int64_t width = w4_width;

// One-hot features, [nodes, batch, operators] or [batch, nodes, operators], of codes [batch, nodes].
Tensor features_of(const Tensor& codes, bool nodes_first) {
    const Tensor x = torch::one_hot(codes, w4_operators).to(torch::kFloat);
    return nodes_first ? x.transpose(0, 1).contiguous() : x;
}

network w4_network(bool nodes_first) {
    return {{.nodes = nodes, .features = w4_operators, .width = width, .convolutions = 2},
            adjacency_of<w4_net::graph>(),
            nodes_first,
            w4_net::initial_parameters(w4_seed)};
}

class trainer {
public:
    explicit trainer(bool nodes_first) : m_nodes_first(nodes_first) {
        const fitnas::score_table<w4_space> table = w4_table();
        const auto count = static_cast<std::int64_t>(table.size());
        std::vector<std::int64_t> codes;
        for (const fitnas::architecture<w4_space>& a : table.architectures) {
            codes.insert(codes.end(), a.begin(), a.end());
        }
        m_features = features_of(torch::tensor(codes).view({count, nodes}), nodes_first);
        m_targets =
            torch::tensor(fitnas::make_targets(fitnas::target::standardised, table.scores)).to(torch::kFloat);
    }

    // Over all samples.
    double loss_of(const network& net) const {
        const torch::NoGradGuard guard;
        return torch::mse_loss(net.forward(m_features), m_targets).item<double>();
    }
    // Returns the mean loss over the batches of the last epoch.
    double train(network& net, int epochs) const {
        net.load(w4_net::initial_parameters(w4_seed));
        torch::optim::Adam optimiser(net.parameters(), torch::optim::AdamOptions(w4_rate));
        const std::size_t batches = (w4_samples + w4_batch - 1) / w4_batch;
        const fitnas::cosine_schedule rate{w4_rate, static_cast<long long>(batches) * epochs};
        std::vector<std::int64_t> order(w4_samples);
        long long step = 0;
        double sum = 0;
        for (int epoch = 1; epoch <= epochs; ++epoch) {
            for (std::size_t i = 0; i < order.size(); ++i) {
                order[i] = static_cast<std::int64_t>(i);
            }
            fitnas::random_stream random(w4_seed, fitnas::purpose::fit, static_cast<std::uint64_t>(epoch));
            random.shuffle(std::span<std::int64_t>(order));
            sum = 0;
            for (std::size_t b = 0; b < batches; ++b, ++step) {
                const std::size_t first = w4_samples * b / batches;
                const auto size = static_cast<std::int64_t>(w4_samples * (b + 1) / batches - first);
                const Tensor rows = torch::from_blob(order.data() + first, {size}, torch::kLong);
                static_cast<torch::optim::AdamOptions&>(optimiser.param_groups()[0].options()).lr(rate(step));
                optimiser.zero_grad();
                const Tensor loss =
                    torch::mse_loss(net.forward(m_features.index_select(m_nodes_first ? 1 : 0, rows)),
                                    m_targets.index_select(0, rows));
                loss.backward();
                optimiser.step();
                sum += loss.item<double>();
            }
        }
        return sum / static_cast<double>(batches);
    }

private:
    bool m_nodes_first;
    Tensor m_features;
    Tensor m_targets;
};

// All codes of the segment, as batches of so many, in the order of `fitnas::index_of`.
std::vector<Tensor> segment_batches(std::int64_t size, bool nodes_first) {
    const auto count = static_cast<std::int64_t>(w4_segment::size);
    const Tensor index = torch::arange(count);
    std::vector<Tensor> columns(static_cast<std::size_t>(nodes));
    std::int64_t step = 1; // the last cell is the fastest
    for (int cell = w4_segment::cells - 1; cell >= 0; --cell) {
        const int choices = w4_segment::operator_counts[static_cast<std::size_t>(cell)];
        columns[static_cast<std::size_t>(cell)] =
            choices == 1 ? torch::full({count}, w4_operator(cell, 0), torch::kLong)
                         : index.div(step, "floor").remainder(choices);
        step *= choices;
    }
    std::vector<Tensor> batches;
    for (const Tensor& part : torch::stack(columns, 1).split(size)) {
        batches.push_back(features_of(part, nodes_first));
    }
    return batches;
}

} // namespace

int serve_predictor(const std::string& variant) {
    const bool nodes_first = variant == "nodes_first";
    const trainer data(nodes_first);
    network net = w4_network(nodes_first);
    std::vector<Tensor> batches;
    std::int64_t batch_size = 0;
    return serve([&](const std::string& command, std::istream& arguments) -> std::string {
        if (command == "loss") {
            return std::to_string(data.loss_of(w4_network(nodes_first)));
        }
        if (command == "train") {
            int epochs = 0;
            arguments >> epochs;
            const bench::clock::time_point start = bench::clock::now();
            const double loss = data.train(net, epochs);
            const double seconds = seconds_since(start);
            return std::to_string(seconds) + " " + std::to_string(loss);
        }
        std::string file;
        std::string to;
        int times = 1;
        std::int64_t size = 4096;
        arguments >> file;
        net.load(read_numbers<float>(file, w4_net::parameters));
        if (command == "predict") {
            arguments >> to;
        } else {
            arguments >> times >> size;
        }
        if (size != batch_size) {
            batch_size = size;
            batches = segment_batches(size, nodes_first);
        }
        const torch::InferenceMode guard;
        std::vector<Tensor> outputs;
        const bench::clock::time_point start = bench::clock::now();
        for (int i = 0; i < times; ++i) {
            outputs.clear();
            for (const Tensor& x : batches) {
                outputs.push_back(net.forward(x));
            }
        }
        const double seconds = seconds_since(start);
        const Tensor all = torch::cat(outputs).contiguous();
        if (command == "predict") {
            write_numbers<float>(to, {all.data_ptr<float>(), static_cast<std::size_t>(all.numel())});
        }
        return std::to_string(seconds) + " " + std::to_string(all[-1].item<double>());
    });
}
