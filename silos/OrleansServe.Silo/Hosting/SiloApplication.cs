using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

using OrleansServe.Gateway;
using OrleansServe.Grains.Workers;
using OrleansServe.Silo.DataPlane;
using OrleansServe.Silo.Models;
using OrleansServe.Silo.Options;
using OrleansServe.Silo.Probes;
using OrleansServe.Transfer;

using Prometheus;

namespace OrleansServe.Silo.Hosting;

/// <summary>The composition root of a process: one silo with the roles it was given, the gateway's server before it if it has one.</summary>
internal static class SiloApplication
{
    private const string Name = "OrleansServe.Silo";

    // What one connection may have beyond the requests in work: calls about the cluster and its health, and requests that are to be told they are too many.
    private const int FurtherStreams = 100;

    /// <summary>Puts the process together. Of its ports only the data plane's listens yet.</summary>
    /// <param name="options">What it is told.</param>
    /// <param name="model">The model served.</param>
    /// <param name="shards">Its expert shards.</param>
    /// <param name="metrics">Where it counts.</param>
    /// <param name="membership">How it joins the cluster.</param>
    /// <param name="engines">What its workers compute with; null for the CPU.</param>
    public static IHost Build(
        SiloOptions options, LoadedModel model, ShardRange shards, CollectorRegistry metrics, ISiloMembership membership, EngineBuilder? engines)
    {
        // Empty builders: settings come from SiloOptions alone, not from whatever lies in the working directory or the environment.
        if (!options.Roles.HasFlag(SiloRole.Gateway))
        {
            HostApplicationBuilder worker = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ApplicationName = Name, ContentRootPath = AppContext.BaseDirectory });
            AddSilo(worker, options, model, shards, metrics, membership, engines);
            worker.Services.AddHealthChecks().AddCheck<WorkerReadinessCheck>(WorkerReadinessCheck.Name, HealthStatus.Unhealthy, [GatewayStatusExtensions.ReadinessTag]);
            return worker.Build();
        }

        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = Name, ContentRootPath = AppContext.BaseDirectory });
        AddSilo(builder, options, model, shards, metrics, membership, engines);
        builder.Services.AddSingleton(model.ForGateway);
        builder.Services.AddOrleansServeGateway(gateway => SiloComposition.Configure(gateway, options.Serving));
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;

            // All of a client's requests usually come over one connection: what it may not open there waits at the client, where nobody sees it.
            kestrel.Limits.Http2.MaxStreamsPerConnection = options.Serving.MaxConcurrentRequests + FurtherStreams;
            kestrel.Listen(options.Listen, options.Port, static endpoint => endpoint.Protocols = HttpProtocols.Http2);
        });

        WebApplication application = builder.Build();
        application.UseRouting();
        application.MapOrleansServeGateway();
        return application;
    }

    private static void AddSilo(
        IHostApplicationBuilder builder,
        SiloOptions options,
        LoadedModel model,
        ShardRange shards,
        CollectorRegistry metrics,
        ISiloMembership membership,
        EngineBuilder? engines)
    {
        AddLogging(builder, options);
        if (engines is not null)
        {
            builder.Services.AddSingleton(engines);
        }

        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.DrainLimit);
        builder.Services.AddSingleton(metrics);
        IDataPlane dataPlane = builder.Services.AddDataPlane(options);
        builder.UseOrleans(silo =>
        {
            membership.Apply(silo);
            silo.Configure<Orleans.Configuration.SiloOptions>(orleans => orleans.SiloName = options.SiloName);
            silo.AddOrleansServe(options, model, dataPlane, shards);
        });
    }

    private static void AddLogging(IHostApplicationBuilder builder, SiloOptions options)
    {
        builder.Logging.SetMinimumLevel(options.Verbose ? LogLevel.Information : LogLevel.Warning);

        // A fleet that changes is worth a line.
        builder.Logging.AddFilter("OrleansServe.Grains.Fleet", LogLevel.Information);
        if (!options.Verbose)
        {
            // What ends a host is told to the operator in one line, by whoever started it.
            builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);

            // Not being ready yet is no error, and is told to whoever asks at /readyz.
            builder.Logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.Critical);

            // A call that finds no silo is told by whoever made it, once; here it would be told for each attempt.
            builder.Logging.AddFilter("Orleans.Messaging", LogLevel.Critical);

            // Each start would warn of a garbage collector that a process of two cores does well without, and of a first check that has no predecessor.
            builder.Logging.AddFilter("Orleans.Runtime.Silo", LogLevel.Error);
            builder.Logging.AddFilter("Orleans.Runtime.Watchdog", LogLevel.Error);
        }

        if (options.JsonLogs)
        {
            builder.Logging.AddJsonConsole(json => json.UseUtcTimestamp = true);
        }
        else
        {
            builder.Logging.AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.UseUtcTimestamp = true;
                console.TimestampFormat = "HH:mm:ss.fff ";
            });
        }

        // Results go to standard output, what is said about them does not.
        builder.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    }
}
