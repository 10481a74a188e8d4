using System.Collections.Immutable;
using System.Net;
using Grpc.Health.V1;
using Microsoft.Extensions.Options;
using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Gateway.Options;
using OrleansServe.Protocol.V1;
using OrleansServe.UnitTests.Gateway.Sessions;
using Xunit;
using Status = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace OrleansServe.UnitTests.Gateway.Services;

public sealed class HealthTests
{
    private static readonly ImmutableArray<WorkerStatus> BothRoles = [Worker(FakeCluster.Prefill0, WorkerRole.Prefill), Worker(FakeCluster.Decode0, WorkerRole.Decode)];

    [Fact]
    public async Task Health_BothRolesThere_IsServing()
    {
        await using GatewayServer server = await GatewayServer.StartAsync();
        server.Cluster.Workers = BothRoles;

        Assert.Equal(Status.Serving, await CheckAsync(server, string.Empty));
        Assert.Equal(Status.Serving, await CheckAsync(server, InferenceService.Descriptor.FullName));
        using HttpResponseMessage ready = await server.Http.GetAsync(new Uri("/readyz", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
    }

    [Fact]
    public async Task Health_ARoleMissing_SaysWhichInOneLine()
    {
        await using GatewayServer server = await GatewayServer.StartAsync();
        server.Cluster.Workers = [BothRoles[0]];

        Assert.Equal(Status.NotServing, await CheckAsync(server, string.Empty));
        using HttpResponseMessage ready = await server.Http.GetAsync(new Uri("/readyz", UriKind.Relative));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.Equal("Model tiny-r1 has 1 prefill and 0 decode workers; it needs at least one of each.\n", await ready.Content.ReadAsStringAsync());
        using HttpResponseMessage alive = await server.Http.GetAsync(new Uri("/healthz", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, alive.StatusCode);
    }

    [Fact]
    public async Task Health_WorkersOfAnotherVersionOnly_IsNotServing()
    {
        await using GatewayServer server = await GatewayServer.StartAsync();
        server.Cluster.Workers = [BothRoles[0], Worker(FakeCluster.Decode0, WorkerRole.Decode, kvFormat: "another")];

        using HttpResponseMessage ready = await server.Http.GetAsync(new Uri("/readyz", UriKind.Relative));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.Equal(
            "Model tiny-r1 has 1 prefill and 0 decode workers; it needs at least one of each. Workers of other weights or another KV format, of which there are 1, do not serve it.\n",
            await ready.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Health_SchedulerUnreachable_SaysSo()
    {
        await using GatewayServer server = await GatewayServer.StartAsync();
        server.Cluster.OnSnapshot = () => throw new TimeoutException("with\na stack");

        using HttpResponseMessage ready = await server.Http.GetAsync(new Uri("/readyz", UriKind.Relative));
        Assert.Equal("The scheduler cannot be reached.\n", await ready.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Metrics_AfterARequest_HaveIt()
    {
        await using GatewayServer server = await GatewayServer.StartAsync();
        using (var call = server.Client.Generate(new GenerateRequest { Text = "abc", Sampling = new SamplingOptions { MaxTokens = 1 } }))
        {
            while (await call.ResponseStream.MoveNext(default))
            {
            }
        }

        string metrics = await server.Http.GetStringAsync(new Uri("/metrics", UriKind.Relative));

        Assert.Contains("orleansserve_requests_total{model=\"tiny-r1\",outcome=\"length\"} 1", metrics, StringComparison.Ordinal);
        Assert.Contains("orleansserve_prompt_tokens_total{model=\"tiny-r1\"} 4", metrics, StringComparison.Ordinal);
        Assert.Contains("orleansserve_completion_tokens_total{model=\"tiny-r1\"} 1", metrics, StringComparison.Ordinal);
        Assert.Contains("orleansserve_time_to_first_token_seconds_count{model=\"tiny-r1\"} 1", metrics, StringComparison.Ordinal);
        Assert.Contains("orleansserve_requests_running{model=\"tiny-r1\"} 0", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_WrongOptions_ListsEveryFault()
    {
        OptionsValidationException fault = await Assert.ThrowsAsync<OptionsValidationException>(() => GatewayServer.StartAsync(options =>
        {
            options.MaxConcurrentRequests = 0;
            options.MaxRetries = 17;
            options.TokenTimeout = TimeSpan.Zero;
        }));

        Assert.Equal(
            [
                "GatewayOptions.MaxConcurrentRequests must be in [1, 65536], not 0.",
                "GatewayOptions.MaxRetries must be in [0, 16], not 17.",
                "GatewayOptions.TokenTimeout must be longer than 0 s and at most 86400 s, not 0 s.",
            ],
            fault.Failures);
    }

    [Fact]
    public void Validate_Defaults_AreValid() => Assert.True(new GatewayOptionsValidator().Validate(null, new GatewayOptions()).Succeeded);

    private static async Task<Status> CheckAsync(GatewayServer server, string service) =>
        (await new Health.HealthClient(server.Channel).CheckAsync(new HealthCheckRequest { Service = service })).Status;

    private static WorkerStatus Worker(WorkerId id, WorkerRole role, string? kvFormat = null) =>
        new(id, role, new WorkerLoad(0, 0, 0, 1, 0, 0, 0, 0), TimeSpan.Zero, "f", "inproc://x", kvFormat ?? Convert.ToHexStringLower(TinyModel.Instance.KvFormat.Span));
}
