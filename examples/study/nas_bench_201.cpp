#include "runner.hpp"

template void runner::run<spaces::nas_bench_201<>>(const std::string&);
template void runner::run<quick_nas_bench_201>(const std::string&);
