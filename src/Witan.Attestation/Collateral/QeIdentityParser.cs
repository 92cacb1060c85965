using System.Buffers.Binary;
using System.Text.Json;

namespace Witan.Attestation;

/// <summary>Reads QE identities of version 2.</summary>
internal static class QeIdentityParser
{
    /// <summary>Largest document that is read, in bytes.</summary>
    public const int MaximumSize = 256 * 1024;

    private static readonly TcbStatus[] Statuses = [TcbStatus.UpToDate, TcbStatus.OutOfDate, TcbStatus.Revoked];

    private static readonly byte[][] Names =
    [
        "id"u8.ToArray(), "version"u8.ToArray(), "issueDate"u8.ToArray(), "nextUpdate"u8.ToArray(), "tcbEvaluationDataNumber"u8.ToArray(),
        "miscselect"u8.ToArray(), "miscselectMask"u8.ToArray(), "attributes"u8.ToArray(), "attributesMask"u8.ToArray(), "mrsigner"u8.ToArray(),
        "isvprodid"u8.ToArray(), "tcbLevels"u8.ToArray(),
    ];

    public static Finding? Parse(ReadOnlyMemory<byte> text, out QeIdentity? identity)
    {
        identity = null;
        if (text.Length > MaximumSize)
            return Refuse("COLLATERAL_TOO_LARGE", $"QE identity of {text.Length} bytes; at most {MaximumSize} are read");
        try
        {
            identity = Read(text.Span, out int version);
            return identity is null ? Refuse("QE_IDENTITY_VERSION_UNSUPPORTED", $"QE identity of version {version}; 2 is known") : null;
        }
        catch (JsonException e)
        {
            return Refuse("QE_IDENTITY_FORMAT", "QE identity cannot be read", e, text.Span);
        }
        // A string that is no text is noticed only when it is read.
        catch (Exception e) when (e is FormatException or InvalidOperationException)
        {
            return Refuse("QE_IDENTITY_INVALID", "QE identity", e, text.Span);
        }
    }

    private static QeIdentity? Read(ReadOnlySpan<byte> text, out int version)
    {
        var json = new StrictJson(text);
        (version, string id, int number, int product) = (0, "", 0, 0);
        DateTimeOffset issued = default, next = default;
        uint misc = 0, miscMask = 0;
        byte[] attributes = [], mask = [], signer = [];
        List<IsvLevel> levels = [];
        uint seen = 0;
        json.Open();
        while (json.Next(Names, ref seen, out int member))
        {
            switch (member)
            {
                case 0: id = json.Text(); break;
                case 1:
                    version = json.Number(int.MaxValue);
                    if (version != 2)
                        return null;
                    break;
                case 2: issued = json.Date(); break;
                case 3: next = json.Date(); break;
                case 4: number = json.Number(int.MaxValue); break;
                case 5: misc = BinaryPrimitives.ReadUInt32LittleEndian(json.Hex(4)); break;
                case 6: miscMask = BinaryPrimitives.ReadUInt32LittleEndian(json.Hex(4)); break;
                case 7: attributes = json.Hex(16); break;
                case 8: mask = json.Hex(16); break;
                case 9: signer = json.Hex(32); break;
                case 10: product = json.Number(65535); break;
                default: levels = IsvLevelParser.Read(ref json, Statuses, repeatsByDate: true, []); break;
            }
        }

        json.Close();
        json.Require(Names, seen, 0xFFF);
        // Only the report is masked: an identity with bits outside its own mask could never match.
        if ((misc & ~miscMask) != 0 || attributes.Zip(mask).Any(pair => (pair.First & ~pair.Second) != 0))
            throw new FormatException("the identity has bits outside its own mask");
        return new QeIdentity
        {
            Id = id,
            Version = version,
            IssueDate = issued,
            NextUpdate = next,
            EvaluationDataNumber = number,
            MiscSelect = misc,
            MiscSelectMask = miscMask,
            Attributes = attributes,
            AttributesMask = mask,
            MrSigner = signer,
            IsvProdId = product,
            Levels = levels,
        };
    }

    private static Finding Refuse(string code, string what, Exception fault, ReadOnlySpan<byte> text)
    {
        (string message, int? offset) = JsonPlace.Of(fault, text);
        return Refuse(code, $"{what}: {message}") with { Offset = offset };
    }

    private static Finding Refuse(string code, string message) => new(code, FindingSeverity.Error, message)
    {
        Subject = "QE identity",
        Actor = FindingActor.VerifierOperator,
        Remedy = "Fetch the collateral again; do not reformat it.",
    };
}
