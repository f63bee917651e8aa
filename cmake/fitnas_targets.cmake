# What tests, examples and benchmarks are compiled with. None of it reaches the users of the library.

# Headers, examples and benchmarks keep to what users switch on who do not mark our headers as the system's; tests, whose
# arithmetic is their own, to the first five.
set(fitnas_test_warnings -Wall -Wextra -Wpedantic -Wconversion -Wshadow)
set(fitnas_warnings
    ${fitnas_test_warnings} -Wsign-conversion -Wold-style-cast -Wdouble-promotion -Wformat=2
    -Wnull-dereference -Wcast-align -Woverloaded-virtual -Wnon-virtual-dtor)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  list(APPEND fitnas_warnings -Wuseless-cast -Wduplicated-cond -Wlogical-op)
endif()
# Kernels fuse where it pays, everywhere alike; where compilers choose, each chooses otherwise, and numbers differ.
set(fitnas_number_flags "")
include(CheckCXXCompilerFlag)
check_cxx_compiler_flag(-ffp-contract=off FITNAS_HAS_FP_CONTRACT)
if(FITNAS_HAS_FP_CONTRACT)
  set(fitnas_number_flags -ffp-contract=off)
endif()
set(fitnas_machine_flags "")
if(FITNAS_NATIVE)
  check_cxx_compiler_flag(-march=native FITNAS_HAS_MARCH_NATIVE)
  if(FITNAS_HAS_MARCH_NATIVE)
    set(fitnas_machine_flags -march=native)
  endif()
endif()

# What tests run with. One thread for BLAS: our loops are the parallel ones. Passive waiting: tests run beside each
# other, and threads that spin would take the cores from those that work.
set(fitnas_test_environment "OPENBLAS_NUM_THREADS=1;OMP_NUM_THREADS=2;OMP_WAIT_POLICY=passive")
# The thread sanitizer learns of LLVM's barriers from archer, and does not look at parts without its code (OpenBLAS).
if(CMAKE_CXX_FLAGS MATCHES "-fsanitize=thread")
  string(APPEND fitnas_test_environment ";TSAN_OPTIONS=ignore_noninstrumented_modules=1")
  get_filename_component(openmp_folder "${OpenMP_omp_LIBRARY}" DIRECTORY)
  find_library(FITNAS_ARCHER archer HINTS "${openmp_folder}")
  if(FITNAS_ARCHER)
    string(APPEND fitnas_test_environment ";OMP_TOOL_LIBRARIES=${FITNAS_ARCHER}")
  else()
    message(STATUS "fitnas: LLVM's archer is missing, the thread sanitizer will report barriers that it does not see")
  endif()
endif()

# With these ccache keeps what is made with precompiled headers; so does CCACHE_SLOPPINESS=pch_defines,time_macros.
set(fitnas_ccache_flags "SHELL:-Xclang -fno-pch-timestamp")
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  set(fitnas_ccache_flags -fpch-preprocess)
endif()

# Warnings, vectors, rounding.
function(fitnas_set_flags target)
  if(FITNAS_SINGLE_INCLUDE)
    target_include_directories(${target} BEFORE PRIVATE "${PROJECT_BINARY_DIR}/single_include_forward")
  endif()
  target_compile_options(${target} PRIVATE ${fitnas_warnings} ${fitnas_machine_flags}
                         ${fitnas_number_flags} ${fitnas_ccache_flags} $<$<BOOL:${FITNAS_WERROR}>:-Werror>)
  if(FITNAS_PRECOMPILE_OWN) # read by cmake/precompiled.hpp; a command that changes is run again
    target_compile_definitions(${target} PRIVATE FITNAS_PRECOMPILE_OWN)
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # What g++ 12 suspects of its own std::string and std::vector once they are inlined (GCC PR 105651 and others) is
    # shown, but ends no build.
    target_compile_options(${target} PRIVATE -Wno-error=restrict -Wno-error=stringop-overflow
                                             -Wno-error=stringop-overread -Wno-error=array-bounds
                                             -Wno-error=null-dereference)
  endif()
endfunction()

# CMake makes precompiled headers the system's, of which compilers report no warnings.
if(FITNAS_PRECOMPILE_OWN)
  set(CMAKE_PCH_PROLOGUE "")
endif()

# fitnas_precompile(TARGET [HEADER...]): compiles headers once, for all targets that name this one in PRECOMPILED: those of
# others, and with FITNAS_PRECOMPILE_OWN the library's.
function(fitnas_precompile target)
  target_precompile_headers(${target} PRIVATE "${PROJECT_SOURCE_DIR}/cmake/precompiled.hpp" ${ARGN})
  if(CMAKE_CXX_COMPILER_LAUNCHER AND NOT CMAKE_HOST_WIN32)
    set_target_properties(${target} PROPERTIES CXX_COMPILER_LAUNCHER
                                               "${PROJECT_SOURCE_DIR}/cmake/new_file.sh;${CMAKE_CXX_COMPILER_LAUNCHER}")
  endif()
endfunction()

# fitnas_configure_target(TARGET [HEADER_ONLY] [PRECOMPILED FROM]): with fitnas::compiled, or the headers alone.
function(fitnas_configure_target target)
  cmake_parse_arguments(PARSE_ARGV 1 with "HEADER_ONLY" "PRECOMPILED" "")
  if(with_HEADER_ONLY)
    target_link_libraries(${target} PRIVATE fitnas::fitnas)
  else()
    target_link_libraries(${target} PRIVATE fitnas::compiled)
  endif()
  if(with_PRECOMPILED)
    target_precompile_headers(${target} REUSE_FROM ${with_PRECOMPILED})
  endif()
  fitnas_set_flags(${target})
  set_target_properties(${target} PROPERTIES CXX_STANDARD 20 CXX_STANDARD_REQUIRED ON CXX_EXTENSIONS OFF)
endfunction()

# fitnas_batches(VARIABLE NAME SOURCE...): the sources of a test program as files that include FITNAS_TEST_BATCH of them each,
# every one in a namespace of its own: headers are read and templates instantiated once a batch. Left by themselves are files
# with definitions of their own, with macros, with specialisations of the library's templates, with includes that depend or
# are sources.
function(fitnas_batches variable name)
  set(alone "")
  set(batched "")
  foreach(source IN LISTS ARGN)
    file(READ "${source}" text)
    get_source_file_property(definitions "${source}" COMPILE_DEFINITIONS)
    if(definitions OR text MATCHES "\n#define|\ntemplate <>|\n#if[^\n]*\n#include|\n#if defined.FITNAS_[A-Z_]*_HPP|[.]cpp\"\n")
      list(APPEND alone "${source}")
    else()
      list(APPEND batched "${source}")
    endif()
  endforeach()
  set(folder "${CMAKE_CURRENT_BINARY_DIR}/batches")
  set(number 0)
  list(LENGTH batched left)
  while(left GREATER 0 AND FITNAS_TEST_BATCH GREATER 1)
    list(SUBLIST batched 0 ${FITNAS_TEST_BATCH} batch)
    set(includes "")
    set(files "")
    foreach(source IN LISTS batch)
      list(POP_FRONT batched)
      # Relative, so that a compiler's cache knows the file again in another clone.
      file(RELATIVE_PATH path "${folder}" "${source}")
      get_filename_component(beside "${path}" DIRECTORY)
      file(STRINGS "${source}" lines REGEX "^#include [<\"]")
      foreach(line IN LISTS lines)
        string(REPLACE "#include \"" "#include \"${beside}/" line "${line}")
        list(APPEND includes "${line}")
      endforeach()
      get_filename_component(stem "${source}" NAME_WE)
      string(APPEND files "namespace ${stem}_tests {\n#include \"${path}\"\n}\n")
    endforeach()
    list(REMOVE_DUPLICATES includes)
    list(JOIN includes "\n" includes)
    set(file "${folder}/${name}_${number}.cpp")
    file(CONFIGURE OUTPUT "${file}" CONTENT "@includes@\n\n@files@" @ONLY)
    list(APPEND alone "${file}")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${batch}) # their includes are in the file
    math(EXPR number "${number} + 1")
    list(LENGTH batched left)
  endwhile()
  set(${variable} ${alone} ${batched} PARENT_SCOPE)
endfunction()

# With the single header, `#include <fitnas/room/concept.hpp>` of our own sources leads to it, so that everything
# that is built runs on it. Only io/ and study/ are outside of it.
if(FITNAS_SINGLE_INCLUDE)
  file(GLOB_RECURSE fitnas_headers RELATIVE "${PROJECT_SOURCE_DIR}/include" CONFIGURE_DEPENDS
       "${PROJECT_SOURCE_DIR}/include/fitnas/*.hpp")
  foreach(header IN LISTS fitnas_headers)
    set(leads_to "${PROJECT_SOURCE_DIR}/single_include/fitnas/fitnas.hpp")
    if(header MATCHES "^fitnas/(io|study)/|src.hpp")
      set(leads_to "${PROJECT_SOURCE_DIR}/include/${header}")
    endif()
    file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/single_include_forward/${header}" CONTENT "#include \"${leads_to}\"\n")
  endforeach()
endif()

# One line where the machine code falls short of what the kernels can use.
function(fitnas_report_vectors)
  include(CheckCXXSourceCompiles)
  string(REPLACE ";" " " CMAKE_REQUIRED_FLAGS "${fitnas_machine_flags}")
  set(missing "")
  foreach(set AVX2 AVX512F AVX512BF16)
    unset(FITNAS_TARGET_${set} CACHE)
    set(CMAKE_REQUIRED_QUIET ON)
    check_cxx_source_compiles("#ifndef __${set}__\n#error\n#endif\nint main() {}" FITNAS_TARGET_${set})
    if(NOT FITNAS_TARGET_${set} AND NOT set STREQUAL AVX512BF16)
      list(APPEND missing ${set})
    endif()
  endforeach()
  if(missing)
    list(JOIN missing " and " missing)
    set(advice "compile with -march=native (FITNAS_NATIVE)")
    if(fitnas_machine_flags)
      set(advice "this machine does not have it")
    endif()
    message(STATUS "fitnas: tests, examples and benchmarks are built without ${missing}: ${advice}")
  endif()
endfunction()
