using System.CommandLine;
using Witan.Attestation;
using Witan.Cli.CommandLine;

namespace Witan.Cli.Commands.Verify;

/// <summary>The options of <c>witan verify</c> that come with an attestation verification report.</summary>
internal sealed class IasOptions
{
    private readonly Option<string?> _signature = new("--ias-signature") { Description = "the signature of an EPID attestation report: base64, hexadecimal, binary, or the header" };
    private readonly Option<string?> _certificate = new("--ias-certificate") { Description = "its signing certificate: PEM, DER, or the header" };

    public void AddTo(Command command)
    {
        command.Options.Add(_signature);
        command.Options.Add(_certificate);
    }

    /// <summary>Whether a file is such a report: it looks like one, or what belongs to one was given.</summary>
    public bool Are(ParseResult parsed, byte[] content) => HasParts(parsed) || IasEvidence.Resembles(content);

    /// <summary>What judges reports; null where no file is one.</summary>
    public IasFile? Read(ParseResult parsed, int files, string? root, bool simulated, byte[][] contents)
    {
        if (HasParts(parsed) && files > 1)
            throw new CommandException("--ias-signature and --ias-certificate belong to one report", "give one report at a time");
        return Array.Exists(contents, content => Are(parsed, content))
            ? new IasFile(Part(parsed.GetValue(_signature)), Part(parsed.GetValue(_certificate)), IasFile.Root(root, simulated))
            : null;
    }

    private bool HasParts(ParseResult parsed) => parsed.GetValue(_signature) is not null || parsed.GetValue(_certificate) is not null;

    private static byte[] Part(string? path) => path is null ? [] : InputFile.Read(path, IasEvidence.MaximumSize);
}
