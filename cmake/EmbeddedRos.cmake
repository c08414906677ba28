# What the ROS wheels on PyPI need to build messages. On any other ROS these change nothing.

# The wheels export the targets *__rosidl_generator_py with the folders that Python's and NumPy's
# headers had on the machine that built them, and CMake refuses to use a target that names a folder
# which does not exist. Both are found anew for the package being built, so such a folder can go.
function(drop_missing_include_directories)
  get_directory_property(targets IMPORTED_TARGETS)
  list(FILTER targets INCLUDE REGEX "__rosidl_generator_py$")
  foreach(target IN LISTS targets)
    get_target_property(directories ${target} INTERFACE_INCLUDE_DIRECTORIES)
    if(directories)
      set(present "")
      foreach(directory IN LISTS directories)
        if(EXISTS "${directory}" OR directory MATCHES "\\$<")
          list(APPEND present "${directory}")
        endif()
      endforeach()
      set_target_properties(${target} PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${present}")
    endif()
  endforeach()
endfunction()

# A virtual environment in the source tree puts NumPy's headers there, and CMake refuses to export a
# target that names a folder of the source tree. They stay for the build and are not exported.
function(unexport_source_include_directories target)
  if(NOT TARGET ${target})
    return()
  endif()
  get_target_property(directories ${target} INTERFACE_INCLUDE_DIRECTORIES)
  set(exported "")
  foreach(directory IN LISTS directories)
    string(FIND "${directory}" "${CMAKE_CURRENT_SOURCE_DIR}/" position)
    if(position EQUAL 0)
      set(directory "$<BUILD_INTERFACE:${directory}>")
    endif()
    list(APPEND exported "${directory}")
  endforeach()
  set_target_properties(${target} PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${exported}")
endfunction()
