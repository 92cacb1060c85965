namespace Witan.Cli.CommandLine;

/// <summary>What the process says to the shell. The same for every command; scripts depend on it.</summary>
public static class ExitCode
{
    /// <summary>All that was asked for is there.</summary>
    public const int Good = 0;

    /// <summary>A check failed, or the evidence was rejected.</summary>
    public const int Rejected = 1;

    /// <summary>Wrong usage: unknown option, unreadable file, malformed argument.</summary>
    public const int Usage = 2;

    /// <summary>Could not be decided: something was missing or unreachable, and nothing speaks against it.</summary>
    public const int Undecided = 3;

    /// <summary>Provisioning failed: the endpoint was not ready after the last poll, or the machine could not boot.</summary>
    public const int NotProvisioned = 4;

    /// <summary>A fault of the program itself.</summary>
    public const int Internal = 70;
}
