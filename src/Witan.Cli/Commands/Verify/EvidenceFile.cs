using Witan.Cli.CommandLine;
using Witan.Dstack.Evidence;

namespace Witan.Cli.Commands.Verify;

/// <summary>One file that the command names. One that cannot be read must not keep the others from being judged.</summary>
/// <param name="Name">As given; <c>-</c> is standard input.</param>
/// <param name="Content">Its bytes; empty where it could not be read.</param>
/// <param name="Problem">Why it could not be read; null where it was.</param>
internal sealed record EvidenceFile(string Name, byte[] Content, CommandException? Problem)
{
    public static EvidenceFile Read(string name)
    {
        try
        {
            return new EvidenceFile(name, InputFile.Read(name, DstackEvidence.MaximumSize), null);
        }
        catch (CommandException e)
        {
            return new EvidenceFile(name, [], e);
        }
    }
}
