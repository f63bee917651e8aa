#include "runner.hpp"

template void runner::run<spaces::mobile_19x6>(const std::string&);
