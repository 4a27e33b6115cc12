# How everything here is compiled, and one function a kind of target.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

# Warnings of our own code are errors; those of libraries are theirs.
add_library(wshub_warnings INTERFACE)
target_compile_options(wshub_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion
  $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor> $<$<COMPILE_LANGUAGE:CXX>:-Woverloaded-virtual>
  -Wimplicit-fallthrough -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 sees overflows in inlined std::string code that are not there (GCC bugs 105329, 105651).
  target_compile_options(wshub_warnings INTERFACE -Wno-restrict -Wno-stringop-overflow -Wno-array-bounds)
endif()

# What distributions ask of their packages: debug information, which is packed apart and names no folder of the machine that
# built it, and hardening.
if(WSHUB_PACKAGE)
  add_compile_options(-g -ffile-prefix-map=${PROJECT_SOURCE_DIR}=/usr/src/wshub-${PROJECT_VERSION}
    -fstack-protector-strong -fstack-clash-protection -fcf-protection -Wformat -Werror=format-security)
  add_compile_definitions($<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=2>)
  add_link_options(-Wl,-z,relro,-z,now)
endif()

if(WSHUB_SANITIZE)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # With sanitizers GCC 12 also sees uninitialised values in <regex> that are not there (GCC bug 105562).
    target_compile_options(wshub_warnings INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-maybe-uninitialized>)
  endif()
  add_compile_options(-fsanitize=${WSHUB_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${WSHUB_SANITIZE})
endif()
if(WSHUB_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=address,undefined)
endif()

# wshub_layer(NAME sources... DEPENDS layers or libraries...): one folder of core as the static library wshub_NAME.
function(wshub_layer name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "DEPENDS")
  add_library(wshub_${name} STATIC ${arg_UNPARSED_ARGUMENTS})
  target_include_directories(wshub_${name} PUBLIC ${PROJECT_SOURCE_DIR}/core)
  target_link_libraries(wshub_${name} PUBLIC ${arg_DEPENDS} PRIVATE wshub_warnings)
endfunction()

# wshub_unit(NAME sources... DEPENDS ...): Catch2 tests of one folder as the program unit_NAME, run by ctest.
function(wshub_unit name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "DEPENDS")
  add_executable(unit_${name} ${arg_UNPARSED_ARGUMENTS})
  target_link_libraries(unit_${name} PRIVATE ${arg_DEPENDS} wshub_test_support wshub_warnings)
  add_test(NAME unit_${name} COMMAND unit_${name})
endfunction()
