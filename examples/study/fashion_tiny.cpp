#include "runner.hpp"

template void runner::run<spaces::fashion_tiny>(const std::string&);
