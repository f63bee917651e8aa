#include "runner.hpp"

template void runner::run<spaces::nas_bench_macro>(const std::string&);
