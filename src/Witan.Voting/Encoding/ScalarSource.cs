using Witan.Crypto;

namespace Witan.Voting;

/// <summary>Where random scalars come from: <see cref="P256Scalar.Random"/> in production; never zero, never repeated.</summary>
public delegate P256Scalar ScalarSource();

/// <summary>Where random bytes come from: the system's generator in production.</summary>
public delegate void ByteSource(Span<byte> destination);
