/// @file
/// @brief Declarations without definitions, for headers of yours that only name the types.

#ifndef FITNAS_FWD_HPP
#define FITNAS_FWD_HPP

#include <cstdint>

namespace fitnas {

class error;
class architecture_error;
class shape_error;
class option_error;
class data_error;
class numeric_error;
class limit_error;

struct seed;
class random_stream;
enum class purpose : std::uint32_t;

struct shape;
struct cell;
enum class activation : std::uint8_t;
struct primitive;
struct custom_primitive;
class recipe;
struct recipe_summary;

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
template <int Width, int Classes>
struct head;
template <class Image, class... Parts>
struct search_space;
struct space_block;
struct space_layer;
struct space_layout;

namespace spaces {
struct nas_bench_macro;
struct mobile_19x6;
struct fashion_mini;
} // namespace spaces

} // namespace fitnas

#endif
