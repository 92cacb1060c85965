using System.Buffers.Binary;
using System.Text.Json;

namespace Witan.Attestation;

/// <summary>Reads QE identities of version 2.</summary>
internal static class QeIdentityParser
{
    public static Finding? Parse(ReadOnlyMemory<byte> text, out QeIdentity? identity)
    {
        identity = null;
        try
        {
            using JsonDocument document = SignedJson.Parse(text);
            JsonElement root = document.RootElement;
            int version = SignedJson.Number(root, "version", int.MaxValue);
            if (version != 2)
                return Refuse("QE_IDENTITY_VERSION_UNSUPPORTED", $"QE identity of version {version}; 2 is known");
            identity = Read(root);
            return null;
        }
        catch (JsonException e)
        {
            return Refuse("QE_IDENTITY_FORMAT", $"QE identity is no JSON: {e.Message}");
        }
        catch (FormatException e)
        {
            return Refuse("QE_IDENTITY_INVALID", $"QE identity: {e.Message}");
        }
    }

    private static QeIdentity Read(JsonElement root)
    {
        byte[] attributes = SignedJson.Hex(root, "attributes", 16), mask = SignedJson.Hex(root, "attributesMask", 16);
        uint misc = BinaryPrimitives.ReadUInt32LittleEndian(SignedJson.Hex(root, "miscselect", 4));
        uint miscMask = BinaryPrimitives.ReadUInt32LittleEndian(SignedJson.Hex(root, "miscselectMask", 4));
        // Only the report is masked: an identity with bits outside its own mask could never match.
        if ((misc & ~miscMask) != 0 || attributes.Zip(mask).Any(pair => (pair.First & ~pair.Second) != 0))
            throw new FormatException("the identity has bits outside its own mask");
        return new QeIdentity
        {
            Id = SignedJson.Text(root, "id"),
            IssueDate = SignedJson.Date(root, "issueDate"),
            NextUpdate = SignedJson.Date(root, "nextUpdate"),
            EvaluationDataNumber = SignedJson.Number(root, "tcbEvaluationDataNumber", int.MaxValue),
            MiscSelect = misc,
            MiscSelectMask = miscMask,
            Attributes = attributes,
            AttributesMask = mask,
            MrSigner = SignedJson.Hex(root, "mrsigner", 32),
            IsvProdId = SignedJson.Number(root, "isvprodid", 65535),
            Levels = SignedJson.IsvLevels(root, 1, repeatsByDate: true),
        };
    }

    private static Finding Refuse(string code, string message) => new(code, FindingSeverity.Error, message)
    {
        Subject = "QE identity",
        Actor = FindingActor.VerifierOperator,
        Remedy = "Fetch the collateral again; do not reformat it.",
    };
}
