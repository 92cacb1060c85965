namespace Witan.Dstack.Cloud;

/// <summary>What one poll saw.</summary>
/// <param name="Poll">Number of the poll, from 1.</param>
/// <param name="Polls">How many there will be at most.</param>
/// <param name="Elapsed">Since the watch began. A deployment usually takes 3 to 10 minutes.</param>
/// <param name="Status">The CVM's state in the platform's words, or null.</param>
/// <param name="Detail">One sentence: what is awaited.</param>
public sealed record EndpointProgress(int Poll, int Polls, TimeSpan Elapsed, string? Status, string Detail);
