namespace Witan.Faults.Runs;

/// <summary>Numbers that a seed repeats (SplitMix64): a run that found something can be run again.</summary>
public sealed class Dice(long seed)
{
    private ulong _state = (ulong)seed;

    /// <summary>A number from <paramref name="least"/> up to, not including, <paramref name="end"/>.</summary>
    public int Next(int least, int end)
    {
        unchecked
        {
            ulong z = _state += 0x9E37_79B9_7F4A_7C15;
            z = (z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9;
            z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB;
            return least + (int)((z ^ (z >> 31)) % (ulong)(end - least));
        }
    }
}
