using System.Text;
using Witan.Attestation;
using Witan.Dstack.CollateralService;
using Witan.Dstack.Simulator.Pki;
using Xunit;

namespace Witan.Tests.Dstack.Fetching;

/// <summary>What is kept on disk: for how long, against what, and what happens when it is broken.</summary>
public sealed class CollateralCacheTests : IAsyncLifetime
{
    private static readonly PlatformFamily Family = new(TeeType.Tdx, DevelopmentPki.Fmspc, PckCa.Platform);
    private readonly DevelopmentPki _pki = new([.. Enumerable.Repeat((byte)9, 32)]);
    private readonly SetClock _clock = new(new DateTimeOffset(2026, 6, 10, 12, 0, 0, TimeSpan.Zero));
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-collateral-").FullName;
    private TrustRoot _root = null!;
    private CollateralServer _server = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Assert.True(TrustRoot.TryCreate(Encoding.ASCII.GetBytes(_pki.RootPem), true, out TrustRoot? root, out _));
        _root = root;
        _server = await CollateralServer.StartAsync(_pki, _clock);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _pki.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Kept_collateral_serves_other_processes_for_a_day_and_is_then_looked_for_anew()
    {
        CollateralResult first = await Ask();
        Assert.False(first.Collateral!.IsFromCache);
        _clock.Now = _clock.Now.AddHours(23);
        CollateralResult second = await Ask();
        Assert.True(second.Collateral!.IsFromCache);
        Assert.Equal(first.Collateral.Trusted.Fingerprint, second.Collateral.Trusted.Fingerprint);
        Assert.Equal(4, _server.Requests.Count);
        _clock.Now = _clock.Now.AddHours(2);
        CollateralResult third = await Ask();
        Assert.False(third.Collateral!.IsFromCache);
        Assert.True(third.Collateral.Trusted.TcbInfo.IssueDate > first.Collateral.Trusted.TcbInfo.IssueDate);
        Assert.Single(Directory.GetFiles(Path.Combine(_folder, "objects")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Directory.GetFiles(Path.Combine(_folder, "objects"))[0]));
    }

    [Fact]
    public async Task An_outage_is_survived_until_nextUpdate_and_not_a_second_longer()
    {
        DateTimeOffset expiry = (await Ask()).Collateral!.Trusted.EarliestExpiry;
        _server.Instead = context =>
        {
            context.Response.StatusCode = 503;
            return Task.FromResult(true);
        };
        _clock.Now = expiry;
        CollateralResult kept = await Ask();
        Assert.True(kept.Collateral!.IsFromCache);
        Assert.Equal(FindingSeverity.Warning, Assert.Single(kept.Findings).Severity);
        _clock.Now = expiry.AddSeconds(1);
        CollateralResult gone = await Ask();
        Assert.Null(gone.Collateral);
        Assert.Equal(FindingSeverity.Undecided, Assert.Single(gone.Findings).Severity);
    }

    [Fact]
    public async Task A_lower_evaluation_number_than_seen_is_refused_across_processes_even_with_a_newer_date()
    {
        _server.Edit = text => text.Replace("\"tcbEvaluationDataNumber\":1", "\"tcbEvaluationDataNumber\":20", StringComparison.Ordinal);
        Assert.Equal(20, (await Ask()).Collateral!.Trusted.EvaluationDataNumber);
        _clock.Now = _clock.Now.AddDays(2);
        _server.Edit = text => text.Replace("\"tcbEvaluationDataNumber\":1", "\"tcbEvaluationDataNumber\":19", StringComparison.Ordinal);
        CollateralResult rolled = await Ask();
        Assert.Equal(20, rolled.Collateral!.Trusted.EvaluationDataNumber);
        Assert.True(rolled.Collateral.IsFromCache);
        Finding finding = Assert.Single(rolled.Findings);
        Assert.Equal("COLLATERAL_SOURCE_ROLLBACK", finding.Code);
        Assert.Contains("evaluation number 19; 20 was seen before", finding.Message, StringComparison.Ordinal);

        // What was seen outlives what was kept.
        _clock.Now = _clock.Now.AddDays(40);
        CollateralResult later = await Ask();
        Assert.Null(later.Collateral);
        Assert.Equal("COLLATERAL_SOURCE_ROLLBACK", Assert.Single(later.Findings).Code);
        _server.Edit = text => text.Replace("\"tcbEvaluationDataNumber\":1", "\"tcbEvaluationDataNumber\":21", StringComparison.Ordinal);
        Assert.Equal(21, (await Ask()).Collateral!.Trusted.EvaluationDataNumber);
    }

    [Fact]
    public async Task What_two_sets_share_is_kept_until_neither_needs_it()
    {
        await Ask();
        async Task<CollateralResult> Numbered()
        {
            using var client = new CollateralClient(_root, _clock, new CollateralClientOptions { Sources = [_server.Source], CacheFolder = _folder, Set = TcbSet.Numbered(1) });
            return await client.GetAsync(Family, false, Cancel);
        }

        Assert.False((await Numbered()).Collateral!.IsFromCache);
        Assert.Single(Directory.GetFiles(Path.Combine(_folder, "objects")));
        _clock.Now = _clock.Now.AddHours(25);
        Assert.False((await Ask()).Collateral!.IsFromCache);
        _server.Instead = context =>
        {
            context.Response.StatusCode = 503;
            return Task.FromResult(true);
        };
        CollateralResult kept = await Numbered();
        Assert.True(kept.Collateral!.IsFromCache);
        Assert.Equal(2, Directory.GetFiles(Path.Combine(_folder, "objects")).Length);
        _server.Instead = _ => Task.FromResult(false);
        Assert.False((await Numbered()).Collateral!.IsFromCache);
        Assert.InRange(Directory.GetFiles(Path.Combine(_folder, "objects")).Length, 1, 2);
    }

    [Fact]
    public async Task An_older_issue_of_the_same_number_is_refused()
    {
        await Ask();
        await using CollateralServer behind = await CollateralServer.StartAsync(_pki.Collateral(_clock.Now.AddDays(-3)));
        CollateralResult result = await Ask(refresh: true, source: behind.Source);
        Assert.True(result.Collateral!.IsFromCache);
        Assert.Equal("COLLATERAL_SOURCE_ROLLBACK", Assert.Single(result.Findings).Code);
    }

    [Theory]
    [InlineData("objects", "")]
    [InlineData("objects", "{}")]
    [InlineData("objects", null)]
    [InlineData("families", "")]
    [InlineData("families", "null")]
    [InlineData("families", "{\"schema\":\"witan.collateral-cache/1\"}")]
    [InlineData("families", "\u0000\u0001")]
    public async Task A_broken_file_is_as_good_as_none_and_is_named(string folder, string? content)
    {
        await Ask();
        string file = Directory.GetFiles(Path.Combine(_folder, folder), "*.json").Single();
        if (content is null)
            File.Delete(file);
        else
            await File.WriteAllTextAsync(file, content, Cancel);
        CollateralResult result = await Ask();
        Assert.False(result.Collateral!.IsFromCache);
        Finding finding = Assert.Single(result.Findings);
        Assert.Equal(("COLLATERAL_CACHE_CORRUPT", FindingSeverity.Warning), (finding.Code, finding.Severity));
        CollateralResult again = await Ask();
        Assert.True(again.Collateral!.IsFromCache);
        Assert.Empty(again.Findings);
    }

    [Fact]
    public async Task Something_in_the_cache_that_is_not_authentic_is_not_used_even_under_its_right_name()
    {
        await Ask();
        using var stranger = new DevelopmentPki([.. Enumerable.Repeat((byte)10, 32)]);
        byte[] forged = stranger.Collateral(_clock.Now);
        string hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(forged));
        string old = Path.GetFileNameWithoutExtension(Directory.GetFiles(Path.Combine(_folder, "objects")).Single());
        await File.WriteAllBytesAsync(Path.Combine(_folder, "objects", hash + ".json"), forged, Cancel);
        string page = Directory.GetFiles(Path.Combine(_folder, "families"), "*.json").Single();
        await File.WriteAllTextAsync(page, (await File.ReadAllTextAsync(page, Cancel)).Replace(old, hash, StringComparison.Ordinal), Cancel);
        CollateralResult result = await Ask();
        Assert.False(result.Collateral!.IsFromCache);
        Assert.Contains("is not used", Assert.Single(result.Findings).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cache_that_cannot_be_written_costs_a_warning()
    {
        using CollateralClient client = Client(_server.Source);
        Directory.Delete(Path.Combine(_folder, "families"));
        await File.WriteAllTextAsync(Path.Combine(_folder, "families"), "", Cancel);
        CollateralResult result = await client.GetAsync(Family, cancellationToken: Cancel);
        Assert.NotNull(result.Collateral);
        Assert.Contains(result.Findings, finding => finding.Code == "COLLATERAL_CACHE_NOT_WRITTEN");
    }

    [Fact]
    public async Task Two_roots_and_two_sets_do_not_share_what_was_seen()
    {
        await Ask();
        using var stranger = new DevelopmentPki([.. Enumerable.Repeat((byte)10, 32)]);
        Assert.True(TrustRoot.TryCreate(Encoding.ASCII.GetBytes(stranger.RootPem), true, out TrustRoot? root, out _));
        await using CollateralServer theirs = await CollateralServer.StartAsync(stranger.Collateral(_clock.Now.AddDays(-3)));
        using var client = new CollateralClient(root, _clock, new CollateralClientOptions { Sources = [theirs.Source], CacheFolder = _folder });
        Assert.NotNull((await client.GetAsync(Family, cancellationToken: Cancel)).Collateral);
        Assert.Equal(2, Directory.GetFiles(Path.Combine(_folder, "families"), "*.json").Length);
    }

    [Fact]
    public async Task What_is_kept_is_had_without_asking_and_follows_the_clock_and_other_processes()
    {
        using CollateralClient reader = Client(_server.Source);
        Assert.Null(reader.Kept(Family));
        Assert.Empty(_server.Requests);
        FetchedCollateral first = (await Ask()).Collateral!;
        FetchedCollateral kept = reader.Kept(Family)!;
        Assert.Equal(first.Trusted.Fingerprint, kept.Trusted.Fingerprint);
        Assert.Same(kept, reader.Kept(Family));
        _clock.Now = _clock.Now.AddDays(2);
        FetchedCollateral newer = (await Ask()).Collateral!;
        Assert.NotEqual(first.Trusted.Fingerprint, newer.Trusted.Fingerprint);
        Assert.Equal(newer.Trusted.Fingerprint, reader.Kept(Family)!.Trusted.Fingerprint);
        _clock.Now = newer.Trusted.EarliestExpiry;
        Assert.NotNull(reader.Kept(Family));
        _clock.Now = _clock.Now.AddSeconds(1);
        Assert.Null(reader.Kept(Family));
        Assert.Equal(8, _server.Requests.Count);
    }

    [Fact]
    public async Task Many_processes_at_once_with_old_and_new_servers_end_with_the_newest()
    {
        await using CollateralServer behind = await CollateralServer.StartAsync(_pki.Collateral(_clock.Now.AddDays(-3)));
        await Task.WhenAll(Enumerable.Range(0, 24).Select(i => Ask(refresh: true, source: i % 3 == 0 ? _server.Source : behind.Source)));
        using CollateralClient reader = Client(_server.Source);
        DateTimeOffset newest = (await Ask(refresh: true)).Collateral!.Trusted.TcbInfo.IssueDate;
        Assert.Equal(newest, reader.Kept(Family)!.Trusted.TcbInfo.IssueDate);
        Assert.Equal("COLLATERAL_SOURCE_ROLLBACK", Assert.Single((await Ask(refresh: true, source: behind.Source)).Findings).Code);
        Assert.Equal(newest, reader.Kept(Family)!.Trusted.TcbInfo.IssueDate);
    }

    private async Task<CollateralResult> Ask(bool refresh = false, CollateralSource? source = null)
    {
        // A new client each time: only the disk remembers.
        using CollateralClient client = Client(source ?? _server.Source);
        return await client.GetAsync(Family, refresh, Cancel);
    }

    private CollateralClient Client(CollateralSource source) =>
        new(_root, _clock, new CollateralClientOptions { Sources = [source], CacheFolder = _folder });
}
