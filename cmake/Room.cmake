# room(name ABOUT text [DOOR headers] SOURCES a.cpp ... USES rooms ... LINK targets ... [TORCH])
# A room is a static library of one folder; `dataset/store` is a room inside the folder of another one.
# USES:  the rooms whose headers it may include.
# DOOR:  the only headers of it that other rooms may include; without it all are open.
# ABOUT: one line for the tables of rooms in README.md and CONTRIBUTING.md.
# TORCH: the room shares nn's precompiled torch header.
# All but SOURCES and LINK goes to layers.txt, which tests/layers_test.cpp holds against every #include and both tables.
file(WRITE ${CMAKE_BINARY_DIR}/layers.txt "")

function(describe_room name)
  cmake_parse_arguments(ROOM "" "ABOUT" "DOOR;USES" ${ARGN})
  string(REPLACE ";" " " door "${ROOM_DOOR}")
  string(REPLACE ";" " " uses "${ROOM_USES}")
  file(APPEND ${CMAKE_BINARY_DIR}/layers.txt "${name}|${door}|${uses}|${ROOM_ABOUT}\n")
endfunction()

# dataset/store -> dataset_store
function(room_targets out)
  string(REPLACE "/" "_" targets "${ARGN}")
  set(${out} ${targets} PARENT_SCOPE)
endfunction()

# Warnings, and with EVENRAY_UNITY several sources a compilation: names in unnamed namespaces are unique within a room.
function(set_compilation target)
  target_compile_options(${target} PRIVATE -Wall -Wextra $<$<BOOL:${EVENRAY_WERROR}>:-Werror>)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${EVENRAY_UNITY} UNITY_BUILD_BATCH_SIZE 8)
endfunction()

function(room name)
  cmake_parse_arguments(ROOM "TORCH" "ABOUT" "DOOR;SOURCES;USES;LINK" ${ARGN})
  describe_room(${name} ABOUT "${ROOM_ABOUT}" DOOR ${ROOM_DOOR} USES ${ROOM_USES})
  room_targets(target ${name})
  room_targets(uses ${ROOM_USES})
  add_library(${target} STATIC ${ROOM_SOURCES})
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR})
  set_compilation(${target})
  target_link_libraries(${target} PUBLIC ${uses} ${ROOM_LINK})
  if(ROOM_TORCH AND NOT name STREQUAL "nn")
    target_precompile_headers(${target} REUSE_FROM nn)
  endif()
endfunction()

# room_test(room SOURCES a_test.cpp ... [LINK targets ...] [TORCH]): one test program and one ctest entry for a room.
function(room_test name)
  cmake_parse_arguments(TEST "TORCH" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name}_test ${TEST_SOURCES})
  target_link_libraries(${name}_test PRIVATE ${name} ${TEST_LINK} Catch2::Catch2WithMain)
  set_compilation(${name}_test)
  if(TEST_TORCH)
    target_precompile_headers(${name}_test REUSE_FROM nn)
  endif()
  add_test(NAME ${name} COMMAND ${name}_test)
  # tools/test runs two programs at a time, so waiting threads of OpenMP go to sleep soon. The tests of the app
  # test this variable, so they do not have it.
  set_tests_properties(${name} PROPERTIES TIMEOUT 900 ENVIRONMENT
    "EVENRAY_SOURCE=${PROJECT_SOURCE_DIR};EVENRAY_BUILD=${CMAKE_BINARY_DIR};GOMP_SPINCOUNT=1000")
endfunction()
