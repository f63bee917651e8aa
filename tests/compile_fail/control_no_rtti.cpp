// expect: nothing: no type is asked for at runtime
// flags: -fno-rtti
#include <fitnas/fitnas.hpp>
#if __has_include(<nlohmann/json.hpp>)
#include <fitnas/io/checkpoint.hpp>
#include <fitnas/study/report.hpp>
#endif
