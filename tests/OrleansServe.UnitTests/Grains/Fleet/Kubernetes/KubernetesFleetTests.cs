using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansServe.Grains.Fleet;
using OrleansServe.Grains.Fleet.Kubernetes;
using OrleansServe.UnitTests.Model;
using Xunit;

namespace OrleansServe.UnitTests.Grains.Fleet.Kubernetes;

public sealed class KubernetesFleetTests : IAsyncLifetime, IDisposable
{
    private const string Decode = "orleansserve-decode";

    private readonly TemporaryFolder _folder = new();
    private ApiServer _server = null!;
    private KubernetesFleet _fleet = null!;

    public async Task InitializeAsync()
    {
        _server = await ApiServer.StartAsync();
        Write("token", "first\n");
        Write("namespace", "serving");
        _fleet = Fleet(options => options);
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    public void Dispose()
    {
        _fleet.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Apply_OtherSizes_ScalesTheSetsAndNothingElse()
    {
        Assert.Equal(new FleetNodes(1, 4), await ReadAsync());

        await ApplyAsync(1, 6);
        await ApplyAsync(1, 6);

        Assert.Equal(6, _server.Replicas[Decode]);
        Assert.Single(_server.Asked, asked => asked.StartsWith("PUT", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Read_SetOfNoPods_IsNone()
    {
        _server.Replicas[Decode] = 0;

        Assert.Equal(new FleetNodes(1, 0), await ReadAsync());
    }

    [Fact]
    public async Task Apply_SomebodyElseWrites_ReadsAgainAndWrites()
    {
        // Prefill is read; decode is read; then somebody sets it before it is written.
        _server.AsUsual();
        _server.AsUsual();
        _server.Meanwhile(() => _server.Replicas[Decode] = 5);

        await ApplyAsync(1, 6);

        Assert.Equal(6, _server.Replicas[Decode]);
        Assert.Equal(2, _server.Asked.Count(asked => asked.StartsWith("PUT", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Apply_SomebodyElseAddsMore_TakesNothingAway()
    {
        _server.AsUsual();
        _server.AsUsual();
        _server.Meanwhile(() => _server.Replicas[Decode] = 9);

        await ApplyAsync(1, 6);

        Assert.Equal(9, _server.Replicas[Decode]);
    }

    [Fact]
    public async Task Apply_ConflictsWithoutEnd_GivesUpAndSaysSo()
    {
        for (int i = 0; i < 40; i++)
        {
            _server.Meanwhile(() => { });
        }

        FleetUnchangeableException fault = await Assert.ThrowsAsync<FleetUnchangeableException>(() => ApplyAsync(1, 6));

        Assert.Contains("could not be scaled to 6 in 5 attempts: the object has been modified", fault.Message, StringComparison.Ordinal);
        Assert.Equal(4, _server.Replicas[Decode]);
    }

    [Fact]
    public async Task Read_TooManyRequests_WaitsAsLongAsItIsTold()
    {
        WaitingTime time = new();
        using KubernetesFleet fleet = Fleet(options => options, time);
        _server.Answer(HttpStatusCode.TooManyRequests, retryAfter: "7");
        _server.Answer(HttpStatusCode.TooManyRequests, retryAfter: $"{time.GetUtcNow().AddSeconds(9):R}");
        _server.Answer(HttpStatusCode.ServiceUnavailable);

        await fleet.ReadAsync(default, CancellationToken.None);

        Assert.Equal([7, 9, 0.03], time.Waits.Select(wait => Math.Ceiling(wait.TotalSeconds * 100) / 100));
    }

    [Theory]
    [InlineData(HttpStatusCode.TooManyRequests)]
    [InlineData(HttpStatusCode.InternalServerError)]
    [InlineData(HttpStatusCode.Unauthorized)]
    public async Task Read_FaultsWithoutEnd_GivesUpAndSaysWhich(HttpStatusCode status)
    {
        _server.Answer(status, times: 4, message: "etcd\n\u001bis away");

        FleetUnchangeableException fault = await Assert.ThrowsAsync<FleetUnchangeableException>(ReadAsync);

        Assert.Contains("in 4 attempts", fault.Message, StringComparison.Ordinal);
        Assert.Contains($"{(int)status}", fault.Message, StringComparison.Ordinal);
        Assert.EndsWith("etcd  is away", fault.Message, StringComparison.Ordinal);
        Assert.Equal(4, _server.Asked.Count);
    }

    [Fact]
    public async Task Read_Forbidden_IsNotTriedAgain()
    {
        _server.Answer(HttpStatusCode.Forbidden, message: "statefulsets is forbidden");

        Assert.Contains("403 Forbidden: statefulsets is forbidden", (await Assert.ThrowsAsync<FleetUnchangeableException>(ReadAsync)).Message, StringComparison.Ordinal);
        Assert.Single(_server.Asked);
    }

    [Fact]
    public async Task Read_NoSuchSet_NamesIt()
    {
        _server.Replicas.Remove(Decode);

        Assert.Contains("there is no StatefulSet orleansserve-decode in serving", (await Assert.ThrowsAsync<FleetUnchangeableException>(ReadAsync)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_TokenIsExchanged_UsesTheNewOne()
    {
        await ReadAsync();
        _server.Token = "second";
        _server.AnswerWith(context =>
        {
            // The server has heard of the new token first; the folder has it by the next attempt.
            Write("token", "second");
            context.Response.StatusCode = (int)HttpStatusCode.Unauthorized;
            return Task.CompletedTask;
        });

        Assert.Equal(new FleetNodes(1, 4), await ReadAsync());
    }

    [Fact]
    public async Task Apply_ConnectionCutAfterTheWrite_WritesOnce()
    {
        _server.AsUsual();
        _server.AsUsual();
        _server.AnswerWith(context =>
        {
            _server.Replicas[Decode] = 6;
            context.Abort();
            return Task.CompletedTask;
        });
        _server.Answer(HttpStatusCode.Conflict);

        await ApplyAsync(1, 6);

        Assert.Equal(6, _server.Replicas[Decode]);
        Assert.Equal(2, _server.Asked.Count(asked => asked.StartsWith("PUT", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Read_AnswerThatStopsHalfWay_IsTriedAgain()
    {
        _server.AnswerWith(async context =>
        {
            context.Response.ContentLength = 1000;
            await context.Response.WriteAsync("{\"kind\":\"Sc");
            await context.Response.Body.FlushAsync();
            context.Abort();
        });

        Assert.Equal(new FleetNodes(1, 4), await ReadAsync());
    }

    [Fact]
    public async Task Read_ServerThatSaysNothing_IsTriedAgainAndGivenUp()
    {
        using KubernetesFleet fleet = Fleet(options => options with { AttemptTimeout = TimeSpan.FromMilliseconds(100), Attempts = 2 });
        using CancellationTokenSource over = new();
        for (int i = 0; i < 2; i++)
        {
            _server.AnswerWith(context => Task.Delay(Timeout.Infinite, CancellationTokenSource.CreateLinkedTokenSource(over.Token, context.RequestAborted).Token)
                .ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default));
        }

        FleetUnchangeableException fault = await Assert.ThrowsAsync<FleetUnchangeableException>(() => fleet.ReadAsync(default, CancellationToken.None));
        await over.CancelAsync();

        Assert.Contains("in 2 attempts: no answer within 0.1 s", fault.Message, StringComparison.Ordinal);
        Assert.Equal(new FleetNodes(1, 4), await fleet.ReadAsync(default, CancellationToken.None));
    }

    [Fact]
    public async Task Read_NobodyListens_IsUnchangeableAndNotCrashed()
    {
        await _server.DisposeAsync();

        Assert.Contains("in 4 attempts", (await Assert.ThrowsAsync<FleetUnchangeableException>(ReadAsync)).Message, StringComparison.Ordinal);
        _server = await ApiServer.StartAsync();
    }

    [Theory]
    [InlineData("", "no JSON")]
    [InlineData("<html>", "no JSON")]
    [InlineData("[]", "instead of an object")]
    [InlineData("{}", "something instead of a Scale")]
    [InlineData("""{"kind":"Scale","spec":{"replicas":-1},"metadata":{"resourceVersion":"1"}}""", "spec.replicas = -1")]
    [InlineData("""{"kind":"Scale","spec":{"replicas":"many"},"metadata":{"resourceVersion":"1"}}""", "spec.replicas = \"many\"")]
    [InlineData("""{"kind":"Scale","spec":{"replicas":3},"metadata":{}}""", "no text metadata.resourceVersion")]
    public async Task Read_Nonsense_IsUnchangeable(string answer, string message)
    {
        _server.AnswerWith(context => context.Response.WriteAsync(answer));

        Assert.Contains(message, (await Assert.ThrowsAsync<FleetUnchangeableException>(ReadAsync)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_NoToken_SaysWhere()
    {
        File.Delete(_folder.File("token"));

        Assert.Contains("the service account cannot be read", (await Assert.ThrowsAsync<FleetUnchangeableException>(ReadAsync)).Message, StringComparison.Ordinal);
    }

    private Task<FleetNodes> ReadAsync() => _fleet.ReadAsync(default, CancellationToken.None);

    private Task ApplyAsync(int prefill, int decode) => _fleet.ApplyAsync(new FleetOrder(new FleetNodes(prefill, decode), [], "why"), CancellationToken.None);

    private void Write(string name, string text) => File.WriteAllText(_folder.File(name), text);

    private KubernetesFleet Fleet(Func<KubernetesFleetOptions, KubernetesFleetOptions> with, TimeProvider? time = null) => new(
        with(new KubernetesFleetOptions { Server = _server.Address, Account = _folder.FullPath, RetryDelay = TimeSpan.FromMilliseconds(10), AttemptTimeout = TimeSpan.FromSeconds(30) }),
        time ?? TimeProvider.System,
        NullLogger<KubernetesFleet>.Instance);
}
