#include "runner.hpp"

template void runner::run<spaces::fashion_mini>(const std::string&);
