namespace Witan.Machine;

/// <summary>The three launch tests as a snapshot holds them: launched, failed at a step, or not tried.</summary>
internal sealed class LaunchOutcomes(MachineSnapshot snapshot)
{
    public const string Launched = "launched";

    /// <summary>No Intel-signed enclave was given.</summary>
    public const string Skipped = "skipped";

    /// <summary>The device speaks the interface of the driver of before Linux 5.11, which this program does not launch through.</summary>
    public const string LegacyDriver = "legacy-driver";

    /// <summary>The files that were given are no enclave with its signature; the caller checks them before, so this is a change in between.</summary>
    public const string NoEnclave = "no-enclave";

    /// <summary>The child process did not answer in time, died, or could not be started.</summary>
    public const string Timeout = "timeout", Crashed = "crashed", NotStarted = "not-started";

    public Reading Debug => snapshot[Section.Launch, "debug"];

    public Reading Production => snapshot[Section.Launch, "production"];

    public Reading Whitelisted => snapshot[Section.Launch, "whitelisted"];

    public Mark DebugMark => Mark(Debug);

    public Mark ProductionMark => Mark(Production);

    public Mark WhitelistedMark => Mark(Whitelisted);

    /// <summary>Writes down that none of the launches that were asked for took place, and why.</summary>
    public static void NoneOf(ProbeOptions options, string reason, SnapshotBuilder to)
    {
        foreach (string mode in options.WhitelistedEnclave is null ? ["debug", "production"] : new[] { "debug", "production", "whitelisted" })
            to.Set(Section.Launch, mode, Reading.Failed(reason));
    }

    /// <summary>Whether a failure means that nothing was decided.</summary>
    public static bool WasNotDecided(Reading reading) =>
        !reading.HasValue && (!reading.IsFailure || reading.Error is Skipped or LegacyDriver or NoEnclave or Timeout or Crashed or NotStarted);

    private static Mark Mark(Reading reading) =>
        reading.Text == Launched ? Machine.Mark.Supported : WasNotDecided(reading) ? Machine.Mark.Unknown : Machine.Mark.Fatal;
}
