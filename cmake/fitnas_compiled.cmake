# fitnas::compiled: fitnas::fitnas, with functions that are no templates compiled once and not in every file. The project
# that links it compiles them, with its own flags. Flags that single targets add, such as -march=native, fitnas_compiled
# needs too; where they differ, the linker misses fitnas::detail::compiled_alike.
function(fitnas_add_compiled source)
  if(NOT TARGET fitnas_compiled)
    add_library(fitnas_compiled STATIC EXCLUDE_FROM_ALL "${source}")
    add_library(fitnas::compiled ALIAS fitnas_compiled)
    target_link_libraries(fitnas_compiled PUBLIC fitnas::fitnas)
    target_compile_definitions(fitnas_compiled PUBLIC FITNAS_SEPARATE_COMPILATION)
    find_package(nlohmann_json QUIET) # for fitnas/io/ and fitnas/study/
    if(TARGET nlohmann_json::nlohmann_json)
      target_link_libraries(fitnas_compiled PRIVATE nlohmann_json::nlohmann_json)
    endif()
    find_path(FITNAS_PROTOZERO_INCLUDE_DIR protozero/pbf_builder.hpp) # for fitnas/io/onnx.hpp
    if(FITNAS_PROTOZERO_INCLUDE_DIR)
      target_include_directories(fitnas_compiled SYSTEM PRIVATE "${FITNAS_PROTOZERO_INCLUDE_DIR}")
    endif()
    set_target_properties(fitnas_compiled PROPERTIES CXX_EXTENSIONS OFF)
    # A program takes of the one file what it calls: one that classifies has no training in it.
    if(CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang" AND CMAKE_SYSTEM_NAME STREQUAL "Linux")
      target_compile_options(fitnas_compiled PRIVATE -ffunction-sections -fdata-sections)
      target_link_options(fitnas_compiled INTERFACE -Wl,--gc-sections)
    endif()
  endif()
endfunction()
