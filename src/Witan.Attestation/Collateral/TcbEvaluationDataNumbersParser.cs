using System.Text.Json;

namespace Witan.Attestation;

/// <summary>Reads lists of TCB evaluation data numbers of version 1. Intel's text calls the array tcbNumbers; what it signs says tcbEvalNumbers.</summary>
internal static class TcbEvaluationDataNumbersParser
{
    public const string Inner = "tcbEvaluationDataNumbers";
    public const int MaximumSize = 256 * 1024;

    private static readonly byte[][] Names =
        ["id"u8.ToArray(), "version"u8.ToArray(), "issueDate"u8.ToArray(), "nextUpdate"u8.ToArray(), "tcbEvalNumbers"u8.ToArray()];

    private static readonly byte[][] EntryNames =
        ["tcbEvaluationDataNumber"u8.ToArray(), "tcbRecoveryEventDate"u8.ToArray(), "tcbDate"u8.ToArray()];

    public static Finding? Parse(ReadOnlyMemory<byte> text, out TcbEvaluationDataNumbers? numbers)
    {
        numbers = null;
        try
        {
            numbers = Read(text.Span);
            return null;
        }
        catch (JsonException e)
        {
            return Refuse("EVALUATION_NUMBERS_FORMAT", "the list of TCB evaluation data numbers cannot be read", e, text.Span);
        }
        catch (Exception e) when (e is FormatException or InvalidOperationException)
        {
            return Refuse("EVALUATION_NUMBERS_INVALID", "the list of TCB evaluation data numbers", e, text.Span);
        }
    }

    private static Finding Refuse(string code, string what, Exception fault, ReadOnlySpan<byte> text)
    {
        (string message, int? offset) = JsonPlace.Of(fault, text);
        return Refuse(code, $"{what}: {message}") with { Offset = offset };
    }

    public static Finding Refuse(string code, string message) => new(code, FindingSeverity.Error, message)
    {
        Subject = "TCB evaluation data numbers",
        Actor = FindingActor.VerifierOperator,
        Remedy = "Fetch the list again; do not reformat it.",
    };

    private static TcbEvaluationDataNumbers Read(ReadOnlySpan<byte> text)
    {
        var json = new StrictJson(text);
        (string id, int version) = ("", 0);
        DateTimeOffset issued = default, next = default;
        List<TcbEvaluationDataNumber> numbers = [];
        uint seen = 0;
        json.Open();
        while (json.Next(Names, ref seen, out int member))
        {
            switch (member)
            {
                case 0: id = json.Text(); break;
                case 1: version = json.Number(int.MaxValue); break;
                case 2: issued = json.Date(); break;
                case 3: next = json.Date(); break;
                default: numbers = Numbers(ref json); break;
            }
        }

        json.Close();
        json.Require(Names, seen, 0b11111);
        if (version != 1)
            throw new FormatException($"version {version}; 1 is known");
        return new TcbEvaluationDataNumbers
        {
            Tee = id switch { "SGX" => TeeType.Sgx, "TDX" => TeeType.Tdx, _ => throw new FormatException($"id {id} is not known") },
            Version = version,
            IssueDate = issued,
            NextUpdate = next,
            Numbers = numbers,
        };
    }

    private static List<TcbEvaluationDataNumber> Numbers(ref StrictJson json)
    {
        json.Array();
        var numbers = new List<TcbEvaluationDataNumber>();
        for (int count = 0; json.NextItem(ref count, 1024);)
        {
            json.Object();
            int number = 0;
            DateTimeOffset recovery = default, date = default;
            uint seen = 0;
            while (json.Next(EntryNames, ref seen, out int member))
            {
                switch (member)
                {
                    case 0: number = json.Number(int.MaxValue); break;
                    case 1: recovery = json.Date(); break;
                    default: date = json.Date(); break;
                }
            }

            json.Require(EntryNames, seen, 0b111);
            if (numbers.Exists(other => other.Number == number))
                throw new FormatException($"number {number} stands there twice");
            numbers.Add(new TcbEvaluationDataNumber(number, recovery, date));
        }

        numbers.Sort((a, b) => b.Number.CompareTo(a.Number));
        return numbers.Count > 0 ? numbers : throw new FormatException("tcbEvalNumbers is empty");
    }
}
