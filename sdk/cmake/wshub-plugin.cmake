# How plugins are built: by projects that find_package(wshub-sdk), and by this one.
#
# Global properties that a project of many plugins may set before it adds them:
#   WSHUB_PLUGIN_DIRECTORY  where they are built, together
#   WSHUB_PLUGIN_LIBRARIES  what each of them is linked with
# and one that it may read: WSHUB_PLUGINS, the plugins added so far.

set_property(GLOBAL PROPERTY WSHUB_PLUGIN_MAP ${CMAKE_CURRENT_LIST_DIR}/plugin.map)

# wshub_add_plugin(NAME sources... [LIBRARIES libraries...]): the plugin NAME.so, in C or C++, that the hub can load and
# unload.
function(wshub_add_plugin name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LIBRARIES")
  get_property(map GLOBAL PROPERTY WSHUB_PLUGIN_MAP)
  get_property(directory GLOBAL PROPERTY WSHUB_PLUGIN_DIRECTORY)
  get_property(libraries GLOBAL PROPERTY WSHUB_PLUGIN_LIBRARIES)
  find_package(Threads REQUIRED)

  add_library(${name} MODULE ${arg_UNPARSED_ARGUMENTS})
  set_property(GLOBAL APPEND PROPERTY WSHUB_PLUGINS ${name})
  target_link_libraries(${name} PRIVATE wshub::sdk Threads::Threads ${libraries} ${arg_LIBRARIES})
  # NAME.so, as the hub looks for it. Hidden, so that the compiler knows that nobody else calls or replaces what is in it.
  set_target_properties(${name} PROPERTIES
    PREFIX ""
    SUFFIX .so
    POSITION_INDEPENDENT_CODE ON
    CXX_EXTENSIONS OFF
    C_VISIBILITY_PRESET hidden
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON
    LINK_DEPENDS ${map})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Unique symbols keep a library mapped for ever, and bind a second version of it to the first. Clang makes none.
    target_compile_options(${name} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-fno-gnu-unique>)
  endif()
  # One symbol is exported; nothing of the plugin is found by other libraries, nor theirs bound to it.
  target_link_options(${name} PRIVATE LINKER:--version-script=${map})
  # What is undefined fails here and not in the hub, but for sanitizers, whose functions are in the program.
  get_directory_property(options COMPILE_OPTIONS)
  if(NOT "${CMAKE_C_FLAGS} ${CMAKE_CXX_FLAGS} ${CMAKE_MODULE_LINKER_FLAGS} ${options}" MATCHES "fsanitize")
    target_link_options(${name} PRIVATE LINKER:-z,defs)
  endif()
  if(directory)
    set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${directory})
  endif()
  # The hub refuses plugins that others could change; under a umask of 002 the linker makes them so.
  add_custom_command(TARGET ${name} POST_BUILD
    COMMAND chmod go-w $<TARGET_FILE_DIR:${name}> $<TARGET_FILE:${name}> VERBATIM)
endfunction()

# wshub_add_plugin_test(NAME [PLUGIN plugin] sources... [LIBRARIES libraries...]): the test program NAME, run by ctest, with
# the plugin in it: the very objects that NAME.so is made of, called through the FakeHost of wshub/testing.h. It finds the
# plugin's headers. The sources need a main(), of their own or of a test framework among the LIBRARIES.
function(wshub_add_plugin_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "PLUGIN" "LIBRARIES")
  find_package(Threads REQUIRED)
  add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE wshub::sdk Threads::Threads)
  set_target_properties(${name} PROPERTIES CXX_EXTENSIONS OFF)
  if(arg_PLUGIN)
    get_target_property(source_directory ${arg_PLUGIN} SOURCE_DIR)
    target_sources(${name} PRIVATE $<TARGET_OBJECTS:${arg_PLUGIN}>)
    target_include_directories(${name} PRIVATE
      ${source_directory} $<TARGET_PROPERTY:${arg_PLUGIN},INCLUDE_DIRECTORIES>)
    target_compile_definitions(${name} PRIVATE $<TARGET_PROPERTY:${arg_PLUGIN},COMPILE_DEFINITIONS>)
    target_link_libraries(${name} PRIVATE $<TARGET_PROPERTY:${arg_PLUGIN},LINK_LIBRARIES>)
  endif()
  target_link_libraries(${name} PRIVATE ${arg_LIBRARIES})
  add_test(NAME ${name} COMMAND ${name})
endfunction()
