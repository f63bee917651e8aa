/// @file
/// @brief The functions of the library that are no templates, compiled once for a whole program.
///
/// Define `FITNAS_SEPARATE_COMPILATION` for all files of the program, and let one file say
///
/// @code
/// #include <fitnas/src.hpp>
/// @endcode
///
/// `fitnas/io/` and `fitnas/study/` are among them where nlohmann-json is found, `fitnas/io/onnx.hpp` where
/// protozero is.
///
/// All are to be compiled with the same flags for vectors, threads and zlib; a linker that misses
/// `fitnas::detail::compiled_alike` says that they were not.

#ifndef FITNAS_SRC_HPP
#define FITNAS_SRC_HPP

#ifndef FITNAS_SEPARATE_COMPILATION
#error "[F0085] src.hpp: define FITNAS_SEPARATE_COMPILATION, here and in all files of the program"
#endif
#ifdef FITNAS_API
#error "[F0086] src.hpp must be the first header of fitnas in its file"
#endif
#define FITNAS_SOURCE

#include <fitnas/fitnas.hpp>
// What needs nlohmann-json, where it is found.
#if __has_include(<fitnas/io/json.hpp>) && __has_include(<nlohmann/json.hpp>)
#include <fitnas/io/candidate.hpp>
#include <fitnas/io/checkpoint.hpp>
#include <fitnas/io/checkpoint_file.hpp>
#include <fitnas/io/crc32.hpp>
#include <fitnas/io/csv.hpp>
#include <fitnas/io/csv_candidates.hpp>
#include <fitnas/io/csv_costs.hpp>
#include <fitnas/io/csv_rows.hpp>
#include <fitnas/io/csv_scores.hpp>
#include <fitnas/io/golden_run.hpp>
#include <fitnas/io/half.hpp>
#include <fitnas/io/json.hpp>
#include <fitnas/io/onnx_graph.hpp>
#include <fitnas/io/onnx_network.hpp>
#include <fitnas/io/pack_images.hpp>
#include <fitnas/io/predictor.hpp>
#include <fitnas/io/predictor_file.hpp>
#include <fitnas/io/predictor_format.hpp>
#include <fitnas/io/recipe_json.hpp>
#include <fitnas/io/safetensors.hpp>
#include <fitnas/io/safetensors_header.hpp>
#include <fitnas/io/signal_guard.hpp>
#include <fitnas/io/text_file.hpp>
#include <fitnas/io/type_name.hpp>
#include <fitnas/io/whole_file.hpp>
#include <fitnas/study/alone.hpp>
#include <fitnas/study/chain.hpp>
#include <fitnas/study/data_source.hpp>
#include <fitnas/study/error.hpp>
#include <fitnas/study/error_parts.hpp>
#include <fitnas/study/findings.hpp>
#include <fitnas/study/folder.hpp>
#include <fitnas/study/graph.hpp>
#include <fitnas/study/in_turn.hpp>
#include <fitnas/study/kept_scores.hpp>
#include <fitnas/study/kept_trainings.hpp>
#include <fitnas/study/page.hpp>
#include <fitnas/study/plot.hpp>
#include <fitnas/study/predictor.hpp>
#include <fitnas/study/rank_quality.hpp>
#include <fitnas/study/rank_table.hpp>
#include <fitnas/study/report.hpp>
#include <fitnas/study/report/draft.hpp>
#include <fitnas/study/report/error.hpp>
#include <fitnas/study/report/final.hpp>
#include <fitnas/study/report/ranking.hpp>
#include <fitnas/study/report/search.hpp>
#include <fitnas/study/report/segments.hpp>
#include <fitnas/study/report_run.hpp>
#include <fitnas/study/run_folder.hpp>
#include <fitnas/study/score_unit.hpp>
#include <fitnas/study/search.hpp>
#include <fitnas/study/segments.hpp>
#include <fitnas/study/sha256.hpp>
#include <fitnas/study/supernet.hpp>
#include <fitnas/study/supernet_segments.hpp>
#include <fitnas/study/truth.hpp>
#include <fitnas/study/two_fidelities.hpp>
#include <fitnas/study/watch.hpp>
#endif
#if __has_include(<fitnas/io/onnx.hpp>) && __has_include(<protozero/pbf_builder.hpp>)
#include <fitnas/io/onnx.hpp>
#endif

#endif
