using System.Text.Json;
using Witan.Attestation;

namespace Witan.Dstack.CollateralService;

/// <summary>Asks one server for the four documents of a family, at the paths and with the headers of API version 4.</summary>
internal static class SourceDocuments
{
    private const int MaximumTcbInfo = 1 << 20;
    private const int MaximumQeIdentity = 256 << 10;
    // As hexadecimal text a list is twice its size.
    private const int MaximumCrl = (2 * RevocationList.MaximumSize) + 16;

    public static async Task<ServedDocuments> GetAsync(SourceConnection connection, PlatformFamily family, TcbSet set, CancellationToken cancellationToken)
    {
        using var together = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        string tee = family.Tee == TeeType.Tdx ? "tdx" : "sgx", ca = family.Ca == PckCa.Platform ? "platform" : "processor";
        Task<ServedDocument> tcbInfo = Signed(
            connection, $"{tee}/certification/v4/tcb?fmspc={family.Fmspc}&{set.Query}", "TCB info", MaximumTcbInfo, "tcbInfo", ["TCB-Info-Issuer-Chain", "SGX-TCB-Info-Issuer-Chain"], together.Token);
        Task<ServedDocument> identity = Signed(
            connection, $"{tee}/certification/v4/qe/identity?{set.Query}", "QE identity", MaximumQeIdentity, "enclaveIdentity", ["SGX-Enclave-Identity-Issuer-Chain"], together.Token);
        // TDX quotes are certified by the same authorities: there is no TDX path for this one.
        Task<ServedDocument> pckCrl = Crl(
            connection, At(connection, $"sgx/certification/v4/pckcrl?ca={ca}&encoding=der"), "PCK CRL", ["SGX-PCK-CRL-Issuer-Chain"], together.Token);
        Task<ServedDocument> rootCrl = Crl(
            connection, connection.Source.RootCrlAddress ?? At(connection, "sgx/certification/v4/rootcacrl"), "root CA CRL", [], together.Token);
        var pending = new List<Task> { tcbInfo, identity, pckCrl, rootCrl };
        while (pending.Count > 0)
        {
            Task done = await Task.WhenAny(pending);
            pending.Remove(done);
            if (done.IsCompletedSuccessfully)
                continue;
            // The first failure decides: the other requests are ended, and only waited for so that nothing is left behind.
            await together.CancelAsync();
            await Task.WhenAll(pending).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            await done;
        }

        return new ServedDocuments(await tcbInfo, await identity, await pckCrl, (await rootCrl).Body);
    }

    private static Uri At(SourceConnection connection, string path) => new(connection.Source.Address, path);

    private static async Task<ServedDocument> Signed(
        SourceConnection connection, string path, string document, int maximum, string member, IReadOnlyList<string> chainHeaders, CancellationToken cancellationToken)
    {
        ServedDocument served = await connection.GetAsync(At(connection, path), document, maximum, chainHeaders, cancellationToken);
        try
        {
            using JsonDocument json = JsonDocument.Parse(served.Body, new JsonDocumentOptions { MaxDepth = 32, AllowDuplicateProperties = false });
            if (json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty(member, out _) && json.RootElement.TryGetProperty("signature", out _))
                return served;
        }
        catch (JsonException)
        {
            // Said below: what it is instead does not matter.
        }

        throw SourceException.Of("COLLATERAL_SOURCE_ANSWER", connection.Source, document, $"the answer is no JSON object with {member} and signature");
    }

    private static async Task<ServedDocument> Crl(
        SourceConnection connection, Uri address, string document, IReadOnlyList<string> chainHeaders, CancellationToken cancellationToken)
    {
        ServedDocument served = await connection.GetAsync(address, document, MaximumCrl, chainHeaders, cancellationToken);
        return RevocationListText.ToDer(served.Body) is { Length: <= RevocationList.MaximumSize } der
            ? served with { Body = der }
            : throw SourceException.Of("COLLATERAL_SOURCE_ANSWER", connection.Source, document, "the answer is no revocation list in DER, PEM, base64 or hexadecimal");
    }
}
