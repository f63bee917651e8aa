#include "runner.hpp"

template void runner::run<spaces::mobile_19x6_of<64, 10>>(const std::string&);
