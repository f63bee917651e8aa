// What fwd.hpp declares is enough to name types in an interface, and agrees with the definitions.
#include <fitnas/fwd.hpp>

// A header of a user: parameters, pointers, template arguments.
int cells_of(const fitnas::space_layout& layout);
template <class Space>
struct report {
    const fitnas::recipe* steps;
};
extern template struct report<fitnas::spaces::fashion_mini>;

struct study {
    fitnas::dataset* images;
    const fitnas::train_options* training;
    const fitnas::evaluate_options* scoring;
    fitnas::sampling paths;
    fitnas::loss fitted_with;
    const fitnas::cost::limit* limit;
    const fitnas::latency_table* latency;
};
using small_set = fitnas::operator_set<fitnas::op::identity, fitnas::op::conv<3>>;
using small_space = fitnas::search_space<fitnas::image<8, 8, 1>, fitnas::stem<8, 1, 3>,
                                         fitnas::stage<small_set, 2, 8, 1>, fitnas::head<8, 4>>;
template <class Graph>
using small_net = fitnas::gcn::model<Graph, fitnas::gcn::conv<8>, fitnas::gcn::relu, fitnas::gcn::dropout<20>,
                                     fitnas::gcn::mean_pool, fitnas::gcn::linear<1>>;

// Every class that is declared.
template <class... T>
struct types {};
using declared = types<
    fitnas::error, fitnas::architecture_error, fitnas::shape_error, fitnas::option_error, fitnas::data_error,
    fitnas::numeric_error, fitnas::limit_error, fitnas::interrupted, fitnas::peer_error, fitnas::peers,
    fitnas::seed, fitnas::random_stream, fitnas::purpose, fitnas::progress, fitnas::stopwatch,
    fitnas::aligned_buffer<float>, fitnas::arena, fitnas::shape, fitnas::cell, fitnas::activation,
    fitnas::primitive_kind, fitnas::primitive, fitnas::custom_primitive, fitnas::recipe,
    fitnas::recipe_summary, fitnas::block, fitnas::batch_loss, fitnas::soft_labels, fitnas::adam_options,
    fitnas::adam, fitnas::sgd_options, fitnas::sgd, fitnas::cosine_schedule, fitnas::constant_rate,
    fitnas::own_gradients, fitnas::gradient_check_options, fitnas::gradient_report, fitnas::op::identity,
    fitnas::op::conv<3>, fitnas::op::separable<3>, fitnas::op::max_pool<3>, fitnas::op::avg_pool<3>,
    small_set, small_space, fitnas::codes<2, 3>, fitnas::space_block, fitnas::space_layer,
    fitnas::space_layout, fitnas::latency_table, fitnas::limit_check, fitnas::named_cost, fitnas::cost_terms,
    fitnas::cost::bound, fitnas::cost::limit, fitnas::spaces::nas_bench_macro, fitnas::spaces::mobile_19x6,
    fitnas::spaces::mobile_19x6_of<64, 10>, fitnas::spaces::fashion_mini, fitnas::image_dataset,
    fitnas::image_folder, fitnas::image_folder_options, fitnas::raster, fitnas::lazy_images,
    fitnas::kept_images, fitnas::image_part, fitnas::drawn_crop, fitnas::random_resized_crop,
    fitnas::colour_jitter, fitnas::read_ahead, fitnas::resizing, fitnas::array_options, fitnas::image_layout,
    fitnas::cifar100_labels, fitnas::dataset, fitnas::split_options, fitnas::synthetic_options,
    fitnas::normalisation, fitnas::augmentation, fitnas::sampling, fitnas::statistics, fitnas::train_options,
    fitnas::training_state, fitnas::training_keeper, fitnas::epoch_report, fitnas::train_report,
    fitnas::evaluate_options, fitnas::latency_options, fitnas::loss, fitnas::target, fitnas::line,
    fitnas::fit_options, fitnas::ridge_options, fitnas::cross_validation_options, fitnas::encoding::edge,
    fitnas::feature::cell_operator, fitnas::feature::operators,
    fitnas::feature::with_costs<fitnas::feature::operators>, fitnas::gcn::place, fitnas::gcn::signal,
    fitnas::gcn::site, fitnas::gcn::training_step, fitnas::gcn::conv<8>, fitnas::gcn::relu,
    fitnas::gcn::dropout<20>, fitnas::gcn::mean_pool, fitnas::gcn::flatten, fitnas::gcn::linear<1>,
    fitnas::search::exhaustive_options, fitnas::search::random_options, fitnas::search::evolution_options,
    fitnas::search::pareto_options, fitnas::search::segments<2, 2>, fitnas::search::fill,
    fitnas::search::kept_part, fitnas::search::segment_report, fitnas::bootstrap_options, fitnas::interval,
    fitnas::csv_rows, fitnas::csv_column, fitnas::csv_options, fitnas::onnx_attribute, fitnas::onnx_graph,
    fitnas::onnx_options, fitnas::pack_options, fitnas::pack_report>;
template <fitnas::activation Act>
using small_mbconv = fitnas::op::mbconv<3, 3, 0, Act>;

#include <fitnas/fitnas.hpp>
#include <fitnas/io/csv.hpp>
#include <fitnas/io/onnx_network.hpp>
#include <fitnas/io/pack_images.hpp>

// A declaration that no definition belongs to would leave its type incomplete.
template <class... T>
constexpr bool complete(types<T...>) {
    return ((sizeof(T) > 0) && ...);
}
static_assert(complete(declared{}));
static_assert(small_mbconv<fitnas::activation::relu>::name == "mb3_k3");
static_assert(small_space::cells == 2);
using small_graph = fitnas::encoding::chain<small_space, fitnas::feature::cell_operator>;
static_assert(fitnas::gcn::model_type<small_net<small_graph>>);
static_assert(study{}.paths == fitnas::sampling::uniform && study{}.fitted_with == fitnas::loss::mse);

int cells_of(const fitnas::space_layout& layout) { return layout.cells; }
template struct report<fitnas::spaces::fashion_mini>;
