using System.Net.Sockets;
using System.Text.Json;
using Grpc.Core;
using Grpc.Net.Client;
using OrleansServe.EndToEndTests.Support;
using OrleansServe.Protocol.V1;
using OrleansServe.TestKit.Processes;
using Xunit;

namespace OrleansServe.EndToEndTests.Operations;

/// <summary>Servers of their own that are told to stop while they answer.</summary>
public sealed class DrainTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task Serve_StoppedTwice_SaysWhatRunsAndCutsIt()
    {
        await using ChildProcess process = CommandLineProcess.Start(["serve", "--json-logs", "--drain-seconds", "600", "--kv-blocks", "512", "--port", "0", "--http-port", "0"]);
        string banner = await process.WaitForLineAsync(line => line.Contains("gRPC", StringComparison.Ordinal), Limit);
        Assert.Contains("32,768 tokens in 512 blocks", await process.WaitForLineAsync(line => line.Contains("KV", StringComparison.Ordinal), Limit), StringComparison.Ordinal);
        Uri address = new(banner.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]);
        await process.WaitForLineAsync(line => line.Contains("Ctrl-C", StringComparison.Ordinal), Limit);
        using GrpcChannel channel = GrpcChannel.ForAddress(address);

        // The client stops reading, so that its answer cannot end: windows fill up, and the server waits.
        using AsyncServerStreamingCall<GenerateResponse> call = new InferenceService.InferenceServiceClient(channel).Chat(Held());
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
        await process.TerminateAsync();
        await ClosedAsync(address);
        Assert.False(process.HasExited);
        await process.TerminateAsync();
        ProcessResult result = await process.WaitAsync(Limit);

        Assert.Equal(130, result.ExitCode);
        string[] messages = [.. result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("Message").GetString()!)];
        Assert.Contains(messages, message => message.Contains("stopping: 1 request is under way, with up to 10 min 0 s to end; one more Ctrl-C cuts", StringComparison.Ordinal));
        Assert.Equal("stopped at once", messages[^1]);
    }

    [Fact]
    public async Task Serve_Help_NamesTheEnvironment()
    {
        ProcessResult result = await CommandLineProcess.RunAsync(["serve", "--help"]);

        Assert.Contains("ORLEANSSERVE__KVBLOCKS", result.Output, StringComparison.Ordinal);
        Assert.Contains("ORLEANSSERVE__DRAINSECONDS", result.Output, StringComparison.Ordinal);
    }

    private static ChatRequest Held()
    {
        ChatRequest request = Questions.Endless();
        request.Output = new OutputOptions { Logprobs = true, TopLogprobs = 20 };
        return request;
    }

    private static async Task ClosedAsync(Uri address)
    {
        long begun = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(begun) < Limit)
        {
            using Socket probe = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await probe.ConnectAsync(address.Host, address.Port);
                await Task.Delay(10);
            }
            catch (SocketException)
            {
                return;
            }
        }

        throw new TimeoutException($"{address} is still open.");
    }
}
