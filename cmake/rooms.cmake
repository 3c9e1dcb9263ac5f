# Rooms as libraries: the table of the layering test says which rooms a room may link.

set(WATTGRIND_ROOMS_TABLE ${PROJECT_SOURCE_DIR}/tests/rooms.txt)
set_property(DIRECTORY ${PROJECT_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
             ${WATTGRIND_ROOMS_TABLE})

# What a room links that the table allows an outside library by this word.
set(WATTGRIND_OUTSIDE_boost Boost::headers)
set(WATTGRIND_OUTSIDE_cli11 CLI11::CLI11)
# For its headers: search/data/libcurl.cpp loads the library itself, so --as-needed leaves it out.
set(WATTGRIND_OUTSIDE_curl CURL::libcurl)
set(WATTGRIND_OUTSIDE_eigen Eigen3::Eigen)
set(WATTGRIND_OUTSIDE_highway hwy::hwy)
# Linked in: of its shared library, three times as large, the loader would relocate the whole at every start.
llvm_map_components_to_libnames(WATTGRIND_OUTSIDE_llvm
  aarch64asmparser aarch64codegen aarch64desc aarch64disassembler aarch64info asmprinter codegen
  core object x86asmparser x86codegen x86desc x86disassembler x86info)
# For its headers: search/study/libpq.cpp loads the library itself, as libcurl.cpp does.
set(WATTGRIND_OUTSIDE_libpq PostgreSQL::PostgreSQL)
set(WATTGRIND_OUTSIDE_openssl OpenSSL::Crypto)
# Linked in, and only the part that generated code needs.
set(WATTGRIND_OUTSIDE_protobuf protobuf::libprotobuf-lite)
set(WATTGRIND_OUTSIDE_sqlite SQLite::SQLite3)
set(WATTGRIND_OUTSIDE_tbb TBB::tbb)
set(WATTGRIND_OUTSIDE_zlib ZLIB::ZLIB)

# "estimator/network" -> wattgrind_estimator_network
function(wattgrind_room_target room result)
  string(REPLACE / _ name ${room})
  set(${result} wattgrind_${name} PARENT_SCOPE)
endfunction()

# The rooms and the outside libraries that the table lets the room use, as targets.
function(wattgrind_room_uses room rooms_result outside_result)
  file(STRINGS ${WATTGRIND_ROOMS_TABLE} lines REGEX "^${room} *\\|")
  list(LENGTH lines count)
  if(NOT count EQUAL 1)
    message(FATAL_ERROR "${room}: ${count} lines in ${WATTGRIND_ROOMS_TABLE}, wanted one")
  endif()
  # file() hides the ";" between folders behind a backslash, or a list would end there.
  string(REGEX REPLACE "\\\\?;" "," lines "${lines}")
  string(REGEX MATCH "^[^|]*[|]([^|]*)[|](.*)$" unused "${lines}")
  set(allowed "${CMAKE_MATCH_1}")
  string(REGEX MATCHALL "[a-z0-9]+" outside "${CMAKE_MATCH_2}")
  set(targets)
  if(allowed MATCHES "everything")
    file(STRINGS ${WATTGRIND_ROOMS_TABLE} others REGEX "^[a-z]+/[a-z]+ *\\|")
    foreach(other IN LISTS others)
      string(REGEX MATCH "^[a-z]+/[a-z]+" other "${other}")
      if(other AND NOT other STREQUAL room)
        wattgrind_room_target(${other} target)
        list(APPEND targets ${target})
      endif()
    endforeach()
  else()
    string(REPLACE "," ";" groups "${allowed}")
    foreach(group IN LISTS groups)
      if(group MATCHES "([a-z]+):(.*)")
        set(folder ${CMAKE_MATCH_1})
        string(REGEX MATCHALL "[a-z0-9_]+" names "${CMAKE_MATCH_2}")
        foreach(name IN LISTS names)
          list(APPEND targets wattgrind_${folder}_${name})
        endforeach()
      endif()
    endforeach()
  endif()
  set(libraries)
  foreach(word IN LISTS outside)
    list(APPEND libraries ${WATTGRIND_OUTSIDE_${word}})
  endforeach()
  set(${rooms_result} ${targets} PARENT_SCOPE)
  set(${outside_result} ${libraries} PARENT_SCOPE)
endfunction()

# wattgrind_room(FOLDER/ROOM files...): the room's library, of files named relative to it.
function(wattgrind_room room)
  wattgrind_room_target(${room} target)
  wattgrind_room_uses(${room} rooms outside)
  list(TRANSFORM ARGN PREPEND ${PROJECT_SOURCE_DIR}/${room}/ REGEX "^[^/]" OUTPUT_VARIABLE sources)
  add_library(${target} STATIC ${sources})
  target_link_libraries(${target}
    PUBLIC wattgrind_build fmt::fmt nlohmann_json::nlohmann_json ${rooms} ${outside})
endfunction()

# wattgrind_apart(files...): sources of this folder that stay a translation unit of their own where the
# files of a room are compiled together (CMAKE_UNITY_BUILD, on in the presets): they compile a part of
# themselves once for each instruction set, keep types without a name inside a class of the room's, or
# have a name for themselves that a neighbour has too. A source with options of its own is apart anyway.
function(wattgrind_apart)
  set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()

# wattgrind_experiment(NAME files... [LIBRARIES targets...]): the program of a question, which may use
# every room.
function(wattgrind_experiment name)
  cmake_parse_arguments(ARG "" "" "LIBRARIES" ${ARGN})
  wattgrind_room_uses(experiments rooms outside)
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE ${rooms} ${ARG_LIBRARIES} CLI11::CLI11)
  target_compile_definitions(${name} PRIVATE
    WATTGRIND_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
    WATTGRIND_BINARY="$<TARGET_FILE:wattgrind>")
endfunction()
