using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

using OrleansServe.Gateway;
using OrleansServe.Silo.Models;
using OrleansServe.Silo.Options;

using Prometheus;

namespace OrleansServe.Silo.Probes;

/// <summary>
/// <c>/healthz</c>, <c>/readyz</c> and <c>/metrics</c> of the process, from before its model is read until after its last answer: whoever asks is told what a start or a
/// stop is at, rather than refused.
/// </summary>
internal sealed class ProbeServer : IProgress<LoadProgress>, IAsyncDisposable
{
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(2);

    private readonly WebApplication _application;
    private volatile string _obstacle = "Starting.";
    private volatile HealthCheckService? _checks;

    private ProbeServer(SiloOptions options, CollectorRegistry metrics)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "OrleansServe.Silo", ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(options.Listen, options.HttpPort, static endpoint => endpoint.Protocols = HttpProtocols.Http1);
        });
        _application = builder.Build();
        _application.UseRouting();
        IEndpointRouteBuilder endpoints = _application;
        endpoints.Map("/healthz", static context => WriteAsync(context, StatusCodes.Status200OK, "Healthy"));
        endpoints.Map("/readyz", AnswerReadinessAsync);
        endpoints.MapMetrics("/metrics", metrics);
    }

    /// <summary>Where it listens.</summary>
    public Uri Address => new(_application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    /// <summary>Listens.</summary>
    /// <exception cref="IOException">The port is taken.</exception>
    public static async Task<ProbeServer> StartAsync(SiloOptions options, CollectorRegistry metrics, CancellationToken cancellationToken)
    {
        ProbeServer server = new(options, metrics);
        try
        {
            await server._application.StartAsync(cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Notes what a start is at; it is not ready yet.</summary>
    public void Report(LoadProgress value) => _obstacle = value.TotalBytes > 0
        ? $"Starting: {value.Stage}, {100 * value.DoneBytes / value.TotalBytes}% done."
        : $"Starting: {value.Stage}.";

    /// <summary>Notes why the process is not ready, as a sentence.</summary>
    public void SetObstacle(string obstacle)
    {
        _obstacle = obstacle;
        _checks = null;
    }

    /// <summary>From now on the host's own checks say whether it is ready.</summary>
    public void Attach(IServiceProvider host) => _checks = host.GetRequiredService<HealthCheckService>();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        using CancellationTokenSource limit = new(StopLimit);
        await _application.StopAsync(limit.Token);
        await _application.DisposeAsync();
    }

    private static Task WriteAsync(HttpContext context, int status, string line)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsync(line, context.RequestAborted);
    }

    private async Task AnswerReadinessAsync(HttpContext context)
    {
        if (_checks is not { } checks)
        {
            await WriteAsync(context, StatusCodes.Status503ServiceUnavailable, _obstacle + "\n");
            return;
        }

        HealthReport report = await checks.CheckHealthAsync(static check => check.Tags.Contains(GatewayStatusExtensions.ReadinessTag), context.RequestAborted);
        await WriteAsync(
            context,
            report.Status == HealthStatus.Healthy ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable,
            string.Join(' ', report.Entries.Values.Select(entry => entry.Description)) + "\n");
    }
}
