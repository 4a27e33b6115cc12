# wshub_add_plugin(NAME sources... [LIBRARIES libraries...]): the plugin NAME.so, which the server can load and unload.
set_property(GLOBAL PROPERTY WSHUB_PLUGIN_MAP ${CMAKE_CURRENT_LIST_DIR}/plugin.map)

function(wshub_add_plugin name)
  find_package(Threads REQUIRED)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LIBRARIES")
  get_property(map GLOBAL PROPERTY WSHUB_PLUGIN_MAP)
  get_property(directory GLOBAL PROPERTY WSHUB_PLUGIN_DIRECTORY)

  add_library(${name} MODULE ${arg_UNPARSED_ARGUMENTS})
  set_property(GLOBAL APPEND PROPERTY WSHUB_PLUGINS ${name})
  target_link_libraries(${name} PRIVATE wshub::sdk Threads::Threads ${arg_LIBRARIES})
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
    # Unique symbols keep a library mapped for ever, and bind a second version of it to the first.
    target_compile_options(${name} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-fno-gnu-unique>)
  endif()
  # One symbol is exported; nothing of the plugin is found by other libraries, nor theirs bound to it.
  target_link_options(${name} PRIVATE LINKER:--version-script=${map})
  # What is undefined fails here and not in the server, but for sanitizers, whose functions are in the program.
  if(NOT "${CMAKE_C_FLAGS} ${CMAKE_CXX_FLAGS} ${CMAKE_MODULE_LINKER_FLAGS}" MATCHES "fsanitize"
     AND NOT WSHUB_SANITIZE AND NOT WSHUB_FUZZ)
    target_link_options(${name} PRIVATE LINKER:-z,defs)
  endif()

  if(TARGET wshub_warnings)
    target_link_libraries(${name} PRIVATE wshub_warnings)
  endif()
  if(directory)
    set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${directory})
    # The server refuses plugins that others could change; under a umask of 002 the linker makes them so.
    add_custom_command(TARGET ${name} POST_BUILD
      COMMAND chmod go-w $<TARGET_FILE_DIR:${name}> $<TARGET_FILE:${name}> VERBATIM)
  endif()
endfunction()
