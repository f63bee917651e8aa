/// @file
/// @brief Declarations without definitions, for headers of yours that only name the types.
///
/// Templates that ask something of their arguments are not here: a declaration would have to repeat what they
/// ask, and so bring its concept and the headers behind it. Include their own headers, for example
/// `space/score_table.hpp` for `score_table<Space>`, `supernet/supernet.hpp` for `supernet<Space>`,
/// `supernet/network.hpp` for `network<Space>`, `search/candidate.hpp` for `search::candidate<Space>`; the
/// same holds for `fitted`, `ensemble`, `ridge`, `cost_baseline`, `dense_table` and the encodings. Nor are
/// aliases (`architecture`, `observer`, `tensor4`), which cannot be declared.

#ifndef FITNAS_FWD_HPP
#define FITNAS_FWD_HPP

#include <cstdint>

namespace fitnas {

// core
class error;
class architecture_error;
class shape_error;
class option_error;
class data_error;
class numeric_error;
class limit_error;
class interrupted;
class peer_error;
class peers;
struct seed;
class random_stream;
enum class purpose : std::uint32_t;
struct progress;
class stopwatch;
template <class T>
class aligned_buffer;
class arena;

// nn
struct shape;
struct cell;
enum class activation : std::uint8_t;
enum class primitive_kind : std::uint8_t;
struct primitive;
struct custom_primitive;
class recipe;
struct recipe_summary;
class block;
struct batch_loss;
struct soft_labels;
struct adam_options;
class adam;
struct sgd_options;
class sgd;
struct cosine_schedule;
struct constant_rate;
struct gradient_check_options;
struct gradient_report;

// op
namespace op {
struct identity;
template <int Kernel>
struct conv;
template <int Kernel>
struct separable;
template <int Kernel>
struct max_pool;
template <int Kernel>
struct avg_pool;
template <int Kernel, int Expansion, int Reduction, activation Act>
struct mbconv;
} // namespace op

// space
template <class... Operators>
struct operator_set;
template <int Height, int Width, int Channels>
struct image;
template <int Width, int Stride, int Kernel>
struct stem;
template <class Operator, int Width, int Stride>
struct fixed;
template <class Operators, int Cells, int Width, int Stride>
struct stage;
template <class Operators, int Layers, int Width, int First, int Stride>
struct again;
template <int Width, int Classes>
struct head;
template <class Image, class... Parts>
struct search_space;
template <int... Counts>
struct codes;
struct space_block;
struct space_layer;
struct space_layout;
class latency_table;
class cost_terms;
class named_cost;
class limit_check;
namespace cost {
struct bound;
struct limit;
} // namespace cost
namespace spaces {
struct nas_bench_macro;
template <int Side, int Classes>
struct mobile_19x6_of;
struct mobile_19x6;
struct fashion_mini;
} // namespace spaces

// data
class image_source;
class image_view;
struct image_dataset;
struct image_folder;
struct image_folder_options;
struct raster;
class lazy_images;
class kept_images;
struct image_part;
class drawn_crop;
struct random_resized_crop;
struct colour_jitter;
struct read_ahead;
struct array_options;
enum class image_layout : std::uint8_t;
enum class resizing : std::uint8_t;
enum class cifar100_labels : std::uint8_t;
struct dataset;
struct split_options;
struct synthetic_options;
struct normalisation;
struct augmentation;

// supernet
enum class sampling : std::uint8_t;
enum class statistics : std::uint8_t;
struct training_state;
struct training_keeper;
struct own_gradients;
struct train_options;
struct epoch_report;
struct train_report;
struct evaluate_options;
struct latency_options;

// predictor
enum class loss;
enum class target;
struct line;
struct fit_options;
struct ridge_options;
struct cross_validation_options;
namespace encoding {
struct edge;
} // namespace encoding
namespace feature {
struct cell_operator;
struct operators;
template <class Feature>
struct with_costs;
} // namespace feature
namespace gcn {
enum class place;
struct signal;
struct site;
struct training_step;
template <int Width>
struct conv;
struct relu;
template <int Percent>
struct dropout;
struct mean_pool;
struct flatten;
template <int Width>
struct linear;
template <class Encoding, class... Layers>
struct model;
} // namespace gcn

// search
namespace search {
struct exhaustive_options;
struct random_options;
struct evolution_options;
struct pareto_options;
template <int... Cells>
struct segments;
enum class fill : std::uint8_t;
struct kept_part;
struct segment_report;
} // namespace search

// metrics
struct bootstrap_options;
struct interval;

// io
struct csv_rows;
struct csv_column;
struct csv_options;
struct onnx_attribute;
class onnx_graph;
struct onnx_options;
struct pack_options;
struct pack_report;

} // namespace fitnas

#endif
