using Witan.Crypto;

namespace Witan.Voting;

/// <summary>Where random scalars come from: <see cref="P256Scalar.Random"/> in production; never zero, never repeated.</summary>
public delegate P256Scalar ScalarSource();
