using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Witan.Attestation;

namespace Witan.Dstack.CollateralService;

/// <summary>
/// Collateral on disk: <c>objects/SHA-256.json</c> holds each bundle under the hash of its content, <c>families/NAME.json</c> says
/// which one is the newest of a family and how new anything seen was. Written whole or not at all. What cannot be read is treated
/// as not there, with a finding; nothing is used before it verified again.
/// </summary>
internal sealed class CollateralCache
{
    private const string Schema = "witan.collateral-cache/1";
    private const int MaximumPage = 64 << 10;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private readonly string _objects;
    private readonly string _families;

    public CollateralCache(string folder)
    {
        (_objects, _families) = (Path.Combine(folder, "objects"), Path.Combine(folder, "families"));
        const UnixFileMode owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Directory.CreateDirectory(_objects, owner);
        Directory.CreateDirectory(_families, owner);
    }

    /// <summary>What is kept; null where nothing usable is. <paramref name="trouble"/> says what was found broken.</summary>
    public CollateralEntry? Read(CollateralEntryKey key, out Finding? trouble)
    {
        trouble = null;
        try
        {
            if (ReadPage(key) is not { } page)
                return null;
            string path = ObjectPath(page.Object);
            byte[]? bundle = new FileInfo(path) is { Exists: true, Length: <= Collateral.MaximumSize } ? File.ReadAllBytes(path) : null;
            // Without its bundle an entry still remembers what was seen.
            if (bundle is null || Convert.ToHexStringLower(SHA256.HashData(bundle)) != page.Object)
            {
                trouble = Corrupt(path, "it is missing, or its content is not that of its name");
                bundle = [];
            }

            return new CollateralEntry(bundle, page.Source, page.FetchedAt, page.Seen);
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException or FormatException)
        {
            trouble = Corrupt(PagePath(key), e is JsonException ? "it is no page of the cache" : e.Message);
            return null;
        }
    }

    /// <summary>How new anything seen was; null where nothing is kept, or it cannot be read.</summary>
    public SeenMarks? Seen(CollateralEntryKey key) => ReadPageOrNothing(key)?.Seen;

    /// <summary>
    /// Keeps an entry whose own documents are as new as <paramref name="own"/>. What was seen only rises, and a newer bundle stays,
    /// whichever process wrote last. Null where it went well.
    /// </summary>
    public Finding? Write(CollateralEntryKey key, CollateralEntry entry, SeenMarks own)
    {
        try
        {
            string hash = Convert.ToHexStringLower(SHA256.HashData(entry.Bundle));
            using FileStream gate = Lock(key);
            CachePage? old = ReadPageOrNothing(key);
            if (old?.Seen.Refuses(own) is not null)
                return null;
            if (!File.Exists(ObjectPath(hash)) || !SHA256.HashData(File.ReadAllBytes(ObjectPath(hash))).AsSpan().SequenceEqual(Convert.FromHexString(hash)))
                DurableFile.Write(ObjectPath(hash), entry.Bundle);
            var page = new CachePage(
                Schema, key.Family.ToString(), key.Set.ToString(), hash, entry.Source, entry.FetchedAt, old is null ? entry.Seen : SeenMarks.Later(old.Seen, entry.Seen));
            DurableFile.Write(PagePath(key), JsonSerializer.SerializeToUtf8Bytes(page, CacheJson.Default.CachePage));
            if (old is not null && old.Object != hash && !IsNamedElsewhere(key, old.Object))
                File.Delete(ObjectPath(old.Object));
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            return new Finding("COLLATERAL_CACHE_NOT_WRITTEN", FindingSeverity.Warning, $"the cache could not be written: {e.Message}")
            {
                Subject = PagePath(key),
                Actor = FindingActor.VerifierOperator,
                Remedy = "Check the folder's permissions and space; collateral is fetched again until then.",
            };
        }
    }

    // Objects are named by their content: another set, or another root, may have been served the same bytes. Pages are few and small.
    private bool IsNamedElsewhere(CollateralEntryKey key, string hash) => Directory.EnumerateFiles(_families, "*.json")
        .Any(path => path != PagePath(key) && File.ReadAllText(path).Contains(hash, StringComparison.Ordinal));

    private CachePage? ReadPage(CollateralEntryKey key)
    {
        var file = new FileInfo(PagePath(key));
        if (!file.Exists)
            return null;
        if (file.Length > MaximumPage)
            throw new JsonException();
        CachePage page = JsonSerializer.Deserialize(File.ReadAllBytes(file.FullName), CacheJson.Default.CachePage) ?? throw new JsonException();
        return page.Schema == Schema && page.Family == key.Family.ToString() && page.Set == key.Set.ToString()
            && page.Object is { Length: 64 } && page.Object.All(char.IsAsciiHexDigitLower)
            ? page
            : throw new JsonException();
    }

    private CachePage? ReadPageOrNothing(CollateralEntryKey key)
    {
        try
        {
            return ReadPage(key);
        }
        catch (Exception e) when (e is JsonException or IOException)
        {
            return null;
        }
    }

    // Two processes may fetch at once: each reads what the other has seen before it writes.
    private FileStream Lock(CollateralEntryKey key)
    {
        string path = Path.Combine(_families, key.FileName + ".lock");
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (System.Diagnostics.Stopwatch.GetElapsedTime(start) < Patience)
            {
                Thread.Sleep(10);
            }
        }
    }

    private string ObjectPath(string hash) => Path.Combine(_objects, hash + ".json");

    private string PagePath(CollateralEntryKey key) => Path.Combine(_families, key.FileName + ".json");

    private static Finding Corrupt(string path, string what) => new(
        "COLLATERAL_CACHE_CORRUPT", FindingSeverity.Warning, $"{path} is not used: {what}")
    {
        Subject = path,
        Why = "What was kept, or how new it was, is lost; the protection against older collateral starts again from what is fetched.",
        Actor = FindingActor.VerifierOperator,
        Remedy = "Nothing: it is fetched and written again. Check the disk where this repeats.",
    };
}

internal sealed record CachePage(
    string Schema, string Family, string Set, string Object, string Source, DateTimeOffset FetchedAt, SeenMarks Seen);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false)]
[JsonSerializable(typeof(CachePage))]
internal sealed partial class CacheJson : JsonSerializerContext;
