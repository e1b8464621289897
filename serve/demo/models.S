// SPDX-License-Identifier: Apache-2.0
// The two models of the demo, which are part of the program; tools/demo-models makes them.
  .section .rodata
  .global evenray_demo_classifier, evenray_demo_classifier_end
  .global evenray_demo_detector, evenray_demo_detector_end
evenray_demo_classifier:
  .incbin "classifier.safetensors"
evenray_demo_classifier_end:
evenray_demo_detector:
  .incbin "detector.safetensors"
evenray_demo_detector_end:
  .section .note.GNU-stack, "", @progbits
