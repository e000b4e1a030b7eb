"""The part of libjxl that is used; ``jxl/types.h``, ``codestream_header.h``, ``color_encoding.h`` of version 0.11."""

DECLARATIONS = """
typedef struct JxlDecoderStruct JxlDecoder;
typedef struct JxlEncoderStruct JxlEncoder;
typedef struct JxlEncoderFrameSettingsStruct JxlEncoderFrameSettings;

typedef struct { uint32_t num_channels; int data_type; int endianness; size_t align; } JxlPixelFormat;

typedef struct {
  int have_container;
  uint32_t xsize, ysize;
  uint32_t bits_per_sample, exponent_bits_per_sample;
  float intensity_target, min_nits;
  int relative_to_max_display;
  float linear_below;
  int uses_original_profile, have_preview, have_animation, orientation;
  uint32_t num_color_channels, num_extra_channels;
  uint32_t alpha_bits, alpha_exponent_bits;
  int alpha_premultiplied;
  uint32_t preview_xsize, preview_ysize;
  uint32_t tps_numerator, tps_denominator, num_loops;
  int have_timecodes;
  uint32_t intrinsic_xsize, intrinsic_ysize;
  uint8_t padding[100];
} JxlBasicInfo;

typedef struct {
  int color_space;
  int white_point;
  double white_point_xy[2];
  int primaries;
  double primaries_red_xy[2], primaries_green_xy[2], primaries_blue_xy[2];
  int transfer_function;
  double gamma;
  int rendering_intent;
} JxlColorEncoding;

uint32_t JxlDecoderVersion(void);
JxlDecoder* JxlDecoderCreate(const void*);
void JxlDecoderDestroy(JxlDecoder*);
int JxlDecoderSubscribeEvents(JxlDecoder*, int);
int JxlDecoderSetUnpremultiplyAlpha(JxlDecoder*, int);
int JxlDecoderSetDecompressBoxes(JxlDecoder*, int);
int JxlDecoderSetInput(JxlDecoder*, const uint8_t*, size_t);
void JxlDecoderCloseInput(JxlDecoder*);
int JxlDecoderProcessInput(JxlDecoder*);
int JxlDecoderGetBasicInfo(const JxlDecoder*, JxlBasicInfo*);
int JxlDecoderGetColorAsEncodedProfile(const JxlDecoder*, int, JxlColorEncoding*);
int JxlDecoderGetICCProfileSize(const JxlDecoder*, int, size_t*);
int JxlDecoderGetColorAsICCProfile(const JxlDecoder*, int, uint8_t*, size_t);
int JxlDecoderImageOutBufferSize(const JxlDecoder*, const JxlPixelFormat*, size_t*);
int JxlDecoderSetImageOutBuffer(JxlDecoder*, const JxlPixelFormat*, void*, size_t);
int JxlDecoderGetBoxType(JxlDecoder*, char*, int);
int JxlDecoderSetBoxBuffer(JxlDecoder*, uint8_t*, size_t);
size_t JxlDecoderReleaseBoxBuffer(JxlDecoder*);

JxlEncoder* JxlEncoderCreate(const void*);
void JxlEncoderDestroy(JxlEncoder*);
int JxlEncoderUseBoxes(JxlEncoder*);
int JxlEncoderAddBox(JxlEncoder*, const char*, const uint8_t*, size_t, int);
void JxlEncoderCloseBoxes(JxlEncoder*);
void JxlEncoderInitBasicInfo(JxlBasicInfo*);
int JxlEncoderSetBasicInfo(JxlEncoder*, const JxlBasicInfo*);
void JxlColorEncodingSetToSRGB(JxlColorEncoding*, int);
int JxlEncoderSetColorEncoding(JxlEncoder*, const JxlColorEncoding*);
int JxlEncoderSetICCProfile(JxlEncoder*, const uint8_t*, size_t);
JxlEncoderFrameSettings* JxlEncoderFrameSettingsCreate(JxlEncoder*, const JxlEncoderFrameSettings*);
int JxlEncoderFrameSettingsSetOption(JxlEncoderFrameSettings*, int, int64_t);
int JxlEncoderSetFrameDistance(JxlEncoderFrameSettings*, float);
int JxlEncoderSetFrameLossless(JxlEncoderFrameSettings*, int);
int JxlEncoderAddImageFrame(const JxlEncoderFrameSettings*, const JxlPixelFormat*, const void*, size_t);
void JxlEncoderCloseInput(JxlEncoder*);
int JxlEncoderProcessOutput(JxlEncoder*, uint8_t**, size_t*);
"""
