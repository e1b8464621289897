# room(name SOURCES a.cpp ... USES rooms ... LINK targets ... [TORCH])
# A room is a static library. USES names the rooms whose headers it may include; they are written to layers.txt,
# which tests/layers_test.cpp holds against every #include. TORCH: the room shares nn's precompiled torch header.
file(WRITE ${CMAKE_BINARY_DIR}/layers.txt "")

function(room name)
  cmake_parse_arguments(ROOM "TORCH" "" "SOURCES;USES;LINK" ${ARGN})
  add_library(${name} STATIC ${ROOM_SOURCES})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_compile_options(${name} PRIVATE -Wall -Wextra $<$<BOOL:${EVENRAY_WERROR}>:-Werror>)
  target_link_libraries(${name} PUBLIC ${ROOM_USES} ${ROOM_LINK})
  if(ROOM_TORCH AND NOT name STREQUAL "nn")
    target_precompile_headers(${name} REUSE_FROM nn)
  endif()
  string(REPLACE ";" " " uses "${ROOM_USES}")
  file(APPEND ${CMAKE_BINARY_DIR}/layers.txt "${name}: ${uses}\n")
endfunction()

# room_test(room SOURCES a_test.cpp ... [LINK targets ...] [TORCH]): one test program and one ctest entry for a room.
function(room_test name)
  cmake_parse_arguments(TEST "TORCH" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name}_test ${TEST_SOURCES})
  target_link_libraries(${name}_test PRIVATE ${name} ${TEST_LINK} Catch2::Catch2WithMain)
  target_compile_options(${name}_test PRIVATE -Wall -Wextra $<$<BOOL:${EVENRAY_WERROR}>:-Werror>)
  if(TEST_TORCH)
    target_precompile_headers(${name}_test REUSE_FROM nn)
  endif()
  add_test(NAME ${name} COMMAND ${name}_test)
  set_tests_properties(${name} PROPERTIES TIMEOUT 600 ENVIRONMENT
    "EVENRAY_SOURCE=${PROJECT_SOURCE_DIR};EVENRAY_BUILD=${CMAKE_BINARY_DIR}")
endfunction()
