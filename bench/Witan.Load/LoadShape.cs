namespace Witan.Load;

/// <summary>What a load is made of.</summary>
/// <param name="Workers">How many attest, are admitted and cast.</param>
/// <param name="Proposals">How many are open at once; all but one wait for trustees that are not there.</param>
/// <param name="InFlight">How many requests are under way at any moment: each begins where one before has its answer.</param>
/// <param name="Store">A <c>postgres://</c> address; null for a file.</param>
/// <param name="Coordinators">How many coordinators share the store; workers are spread over them, and cast at the record's home as real ones do.</param>
/// <param name="Spread">Whether they cast at all coordinators by turns instead: what happens where workers know them by different addresses.</param>
internal sealed record LoadShape(int Workers, int Proposals = 1, int InFlight = LoadShape.UsualInFlight, string? Store = null, int Coordinators = 1, bool Spread = false)
{
    public const int UsualInFlight = 64;
}
