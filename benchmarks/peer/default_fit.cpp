// The default fit of bench_job in LibTorch: as many models of the same shape, as many epochs, batches as
// large. Left out is what a user would not do by himself: smoothed scores, losses of pairs.

#include <cstdint>
#include <vector>

#include <torch/torch.h>

#include <fitnas/predictor/default_model.hpp>
#include <fitnas/predictor/fit.hpp>

#include "../worker.hpp"
#include "../workload.hpp"
#include "gcn.hpp"
#include "predictor.hpp"

namespace {

using namespace bench;
using peer::network;
using torch::Tensor;

using model = fitnas::default_model<w1_space>;
using encoding = fitnas::default_encoding<w1_space>;
constexpr std::int64_t nodes = encoding::nodes;
constexpr std::int64_t features = encoding::features;

class space_fit {
public:
    explicit space_fit(bool nodes_first) : m_nodes_first(nodes_first) {
        const auto networks = fitnas::different_networks<w1_space>();
        const auto count = static_cast<std::int64_t>(networks.size());
        Tensor rows = torch::empty({count, nodes, features});
        float* to = rows.data_ptr<float>();
        for (const fitnas::architecture<w1_space>& a : networks) {
            encoding::encode(a, to);
            to += nodes * features;
        }
        m_features = nodes_first ? rows.transpose(0, 1).contiguous() : rows;
        m_targets = torch::randn({count});
    }

    // One model more.
    void fit(int epochs) {
        network net({.nodes = nodes,
                     .features = features,
                     .width = 32,
                     .convolutions = fitnas::default_convolutions<w1_space>,
                     .smooth = true,
                     .flatten = true},
                    peer::adjacency_of<encoding>(), m_nodes_first,
                    model::initial_parameters(fitnas::seed{m_models.size()}));
        torch::optim::AdamW optimiser(net.parameters(), torch::optim::AdamWOptions(1e-2).weight_decay(0.01));
        const std::int64_t count = m_targets.size(0);
        const std::int64_t most = fitnas::fit_options{}.batch;
        const std::int64_t batches = (count + most - 1) / most;
        const fitnas::cosine_schedule rate{1e-2, static_cast<long long>(batches) * epochs};
        long long step = 0;
        for (int epoch = 0; epoch < epochs; ++epoch) {
            for (const Tensor& rows : torch::randperm(count, torch::kLong).chunk(batches)) {
                static_cast<torch::optim::AdamWOptions&>(optimiser.param_groups()[0].options())
                    .lr(rate(step++));
                optimiser.zero_grad();
                torch::mse_loss(net.forward(m_features.index_select(m_nodes_first ? 1 : 0, rows)),
                                m_targets.index_select(0, rows))
                    .backward();
                optimiser.step();
            }
        }
        m_models.push_back(net);
    }
    void clear() { m_models.clear(); }

    std::int64_t parameters() const {
        std::int64_t sum = 0;
        for (const Tensor& p : m_models.front().parameters()) {
            sum += p.numel();
        }
        return sum;
    }
    // All networks by the mean of the models, the best first.
    Tensor ranked() const {
        const torch::InferenceMode guard;
        Tensor sum = m_models.front().forward(m_features);
        for (std::size_t i = 1; i < m_models.size(); ++i) {
            sum += m_models[i].forward(m_features);
        }
        return sum.argsort(0, true);
    }

private:
    bool m_nodes_first;
    Tensor m_features;
    Tensor m_targets;
    std::vector<network> m_models;
};

} // namespace

// Answers "fit <epochs of each model>" with seconds and the parameters of a model, "search" with seconds and
// the number of the best network.
int serve_default_fit(const std::string& variant) {
    space_fit space(variant == "nodes_first");
    return serve([&](const std::string& command, std::istream& arguments) {
        if (command == "fit") {
            std::vector<int> epochs;
            for (int n = 0; arguments >> n;) {
                epochs.push_back(n);
            }
            space.clear();
            const bench::clock::time_point start = bench::clock::now();
            for (const int n : epochs) {
                space.fit(n);
            }
            const double seconds = seconds_since(start);
            return std::to_string(seconds) + " " + std::to_string(space.parameters());
        }
        const bench::clock::time_point start = bench::clock::now();
        const auto best = space.ranked()[0].item<std::int64_t>();
        const double seconds = seconds_since(start);
        return std::to_string(seconds) + " " + std::to_string(best);
    });
}
