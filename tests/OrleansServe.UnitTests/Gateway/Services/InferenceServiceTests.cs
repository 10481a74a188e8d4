using Grpc.Core;
using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Protocol.V1;
using OrleansServe.Transfer.Tokens;
using OrleansServe.UnitTests.Gateway.Sessions;
using Xunit;
using ProtocolWorker = OrleansServe.Protocol.V1.Worker;

namespace OrleansServe.UnitTests.Gateway.Services;

public sealed class InferenceServiceTests : IAsyncLifetime
{
    private static readonly Marshaller<byte[]> Raw = Marshallers.Create(bytes => bytes, bytes => bytes);
    private GatewayServer _server = null!;

    public async Task InitializeAsync() => _server = await GatewayServer.StartAsync(options =>
    {
        options.MaxConcurrentRequests = 2;
        options.MaxRequestBytes = 64 * 1024;
        options.MaxRetries = 0;
        options.Seeds = () => 99;
    });

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Generate_Prompt_StreamsTheAnswer()
    {
        _server.Cluster.OnDecode = (_, request, _) =>
        {
            _server.Send(request.RequestId, 1, 'b');
            _server.Send(request.RequestId, 2, TinyModel.End, TokenStreamEnd.StopToken);
            return Task.FromResult(new DecodeResult(true, null, false));
        };

        List<GenerateResponse> messages = await ReadAsync(_server.Client.Generate(new GenerateRequest { Text = "q" }));

        Assert.Equal(99ul, messages[0].Started.Seed);
        Assert.Equal("ab", string.Concat(messages.Select(message => message.Delta?.Text)));
        Assert.Equal(3, messages[^1].Finished.Usage.CompletionTokens);
    }

    [Fact]
    public async Task Chat_Question_StreamsTheAnswer()
    {
        ChatRequest request = new() { Messages = { new ChatMessage { Role = ChatMessage.Types.Role.User, Content = "Hi" } }, Sampling = new SamplingOptions { MaxTokens = 1 } };

        List<GenerateResponse> messages = await ReadAsync(_server.Client.Chat(request));

        Assert.Equal("a", string.Concat(messages.Select(message => message.Delta?.ReasoningText)));
        Assert.Equal(7, messages[0].Started.PromptTokens);
    }

    [Fact]
    public async Task Generate_UnknownModel_IsNotFound() => await AssertStatusAsync(
        StatusCode.NotFound, "model must be 'tiny-r1', not 'x'.", new GenerateRequest { Model = "x", Text = "q" });

    [Fact]
    public async Task Generate_WrongField_IsInvalidArgument() => await AssertStatusAsync(
        StatusCode.InvalidArgument,
        "sampling.top_p must be in (0, 1], not 1.5.",
        new GenerateRequest { Text = "q", Sampling = new SamplingOptions { TopP = 1.5f } });

    [Fact]
    public async Task Generate_TextNotUtf8_IsInvalidArgument()
    {
        byte[] wire = [0x12, 3, (byte)'a', 0xFF, (byte)'b'];

        RpcException fault = await Assert.ThrowsAsync<RpcException>(() => CallRawAsync("Generate", wire));

        Assert.Equal(StatusCode.InvalidArgument, fault.StatusCode);
        Assert.Equal("text must be UTF-8, not other bytes.", fault.Status.Detail);
        Assert.Empty(_server.Cluster.Calls);
    }

    [Fact]
    public async Task Generate_NoMessageAtAll_IsInvalidArgument()
    {
        RpcException fault = await Assert.ThrowsAsync<RpcException>(() => CallRawAsync("Generate", [0x12, 0x7F, 1]));

        Assert.Equal(StatusCode.InvalidArgument, fault.StatusCode);
        Assert.StartsWith("The request must be a orleansserve.v1.GenerateRequest", fault.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Generate_MessageOverTheLimit_IsResourceExhausted()
    {
        RpcException fault = await Assert.ThrowsAsync<RpcException>(
            () => ReadAsync(_server.Client.Generate(new GenerateRequest { Text = new string('x', 65 * 1024) })));

        Assert.Equal(StatusCode.ResourceExhausted, fault.StatusCode);
    }

    [Fact]
    public async Task Generate_SchedulerOverloaded_SaysWhenToTryAgain()
    {
        _server.Cluster.OnAdmit = (_, _) => Task.FromResult(
            new Admission(AdmissionOutcome.Overloaded, default, default, "512 requests wait", TimeSpan.FromMilliseconds(250.5)));

        RpcException fault = await AssertStatusAsync(StatusCode.ResourceExhausted, "512 requests wait.", new GenerateRequest { Text = "q" });

        Assert.Equal("251", fault.Trailers.GetValue("retry-after-ms"));
    }

    [Fact]
    public async Task Generate_MoreThanTheGatewayServes_IsRefusedAndRoomComesBack()
    {
        TaskCompletionSource goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);
        SemaphoreSlim arrived = new(0);
        _server.Cluster.OnPrefill = async (_, _, token) =>
        {
            arrived.Release();
            await goOn.Task.WaitAsync(token);
            return FakeCluster.First('a');
        };
        GenerateRequest request = new() { Text = "q", Sampling = new SamplingOptions { MaxTokens = 1 } };
        Task<List<GenerateResponse>>[] served = [ReadAsync(_server.Client.Generate(request)), ReadAsync(_server.Client.Generate(request))];
        await arrived.WaitAsync();
        await arrived.WaitAsync();

        RpcException fault = await AssertStatusAsync(StatusCode.ResourceExhausted, "This gateway serves at most 2 requests at once.", request);
        goOn.SetResult();
        await Task.WhenAll(served);

        Assert.Equal("1000", fault.Trailers.GetValue("retry-after-ms"));
        Assert.Equal(3, (await ReadAsync(_server.Client.Generate(request))).Count);
    }

    [Fact]
    public async Task Generate_ClientCancels_FreesTheWorker()
    {
        TaskCompletionSource released = ReleaseSignal();
        using AsyncServerStreamingCall<GenerateResponse> call = _server.Client.Generate(new GenerateRequest { Text = "q" });
        await call.ResponseStream.MoveNext(default);

        call.Dispose();
        await released.Task;

        Assert.Equal(1, _server.Cluster.Count("release silo-0/decode-0"));
        Assert.Equal(1, _server.Cluster.Count("complete"));
    }

    [Fact]
    public async Task Generate_DeadlinePasses_FreesTheWorker()
    {
        TaskCompletionSource released = ReleaseSignal();

        RpcException fault = await Assert.ThrowsAsync<RpcException>(
            () => ReadAsync(_server.Client.Generate(new GenerateRequest { Text = "q" }, deadline: DateTime.UtcNow.AddMilliseconds(500))));
        await released.Task;

        Assert.Equal(StatusCode.DeadlineExceeded, fault.StatusCode);
        Assert.Equal(1, _server.Cluster.Count("complete"));
    }

    [Fact]
    public async Task Generate_FaultOfOurs_TellsNothingButTheRequest()
    {
        _server.Cluster.OnPrefill = (_, _, _) => throw new InvalidOperationException("secret");

        RpcException fault = await Assert.ThrowsAsync<RpcException>(() => ReadAsync(_server.Client.Generate(new GenerateRequest { Text = "q" })));

        Assert.Equal(StatusCode.Internal, fault.StatusCode);
        Assert.Matches("^Request [0-9a-f]{32} met an internal error.$", fault.Status.Detail);
    }

    [Fact]
    public async Task Tokenize_Text_IsWhatGenerateWouldDo()
    {
        TokenizeResponse tokens = await _server.Client.TokenizeAsync(new TokenizeRequest { Text = "Hi</think>", AllowSpecialTokens = true });

        Assert.Equal([256, 'H', 'i', TinyModel.ThinkEnd], tokens.TokenIds);
    }

    [Theory]
    [InlineData(true, "Hi")]
    [InlineData(false, "<｜begin▁of▁sentence｜>Hi")]
    public async Task Detokenize_Tokens_GivesTheirText(bool skip, string text)
    {
        DetokenizeResponse response = await _server.Client.DetokenizeAsync(new DetokenizeRequest { TokenIds = { 256, 'H', 'i' }, SkipSpecialTokens = skip });

        Assert.Equal(text, response.Text);
    }

    [Fact]
    public async Task Detokenize_OutsideTheVocabulary_IsInvalidArgument()
    {
        RpcException fault = await Assert.ThrowsAsync<RpcException>(
            () => _server.Client.DetokenizeAsync(new DetokenizeRequest { TokenIds = { 320 } }).ResponseAsync);

        Assert.Equal(StatusCode.InvalidArgument, fault.StatusCode);
        Assert.Equal("token_ids[0] must be in [0, 320), the vocabulary, not 320.", fault.Status.Detail);
    }

    [Fact]
    public async Task ListModels_Always_DescribesTheModel()
    {
        Protocol.V1.Model model = Assert.Single((await _server.Client.ListModelsAsync(new ListModelsRequest())).Models);

        Assert.Equal(("tiny-r1", "deepseek_v3", 1024, 320, true), (model.Name, model.Architecture, model.ContextLength, model.VocabularySize, model.Chat));
        Assert.Equal(64, model.WeightsFingerprint.Length);
        Assert.InRange(model.ActiveParameters, 1, model.Parameters - 1);
    }

    [Fact]
    public async Task GetCluster_Always_DescribesSilosAndWorkers()
    {
        WorkerLoad load = new(1, 2, 3, 40, 5, 6, 7, 8);
        _server.Cluster.Workers = [new WorkerStatus(FakeCluster.Decode0, WorkerRole.Decode, load, TimeSpan.FromSeconds(0.5), "f", "inproc://silo-0", "k")];

        GetClusterResponse cluster = await _server.Client.GetClusterAsync(new GetClusterRequest());

        Assert.Equal([("silo-a", "Dead"), ("silo-b", "Active")], cluster.Silos.Select(silo => (silo.Name, silo.Status)));
        Assert.Equal(
            new ProtocolWorker
            {
                Id = "silo-0/decode-0",
                Role = ProtocolWorker.Types.Role.Decode,
                Model = "tiny-r1",
                RunningRequests = 1,
                QueuedRequests = 2,
                QueuedTokens = 3,
                KvBlocksTotal = 40,
                KvBlocksUsed = 5,
                KvBlocksCached = 6,
                Experts = 7,
                ExpertRows = 8,
                ReportAgeSeconds = 0.5,
                WeightsFingerprint = "f",
            },
            Assert.Single(cluster.Workers));
    }

    private static async Task<List<GenerateResponse>> ReadAsync(AsyncServerStreamingCall<GenerateResponse> call)
    {
        using (call)
        {
            List<GenerateResponse> messages = [];
            while (await call.ResponseStream.MoveNext(default))
            {
                messages.Add(call.ResponseStream.Current);
            }

            return messages;
        }
    }

    private async Task<RpcException> AssertStatusAsync(StatusCode status, string detail, GenerateRequest request)
    {
        RpcException fault = await Assert.ThrowsAsync<RpcException>(() => ReadAsync(_server.Client.Generate(request)));
        Assert.Equal((status, detail), (fault.StatusCode, fault.Status.Detail));
        return fault;
    }

    private async Task CallRawAsync(string name, byte[] wire)
    {
        Method<byte[], byte[]> method = new(MethodType.ServerStreaming, InferenceService.Descriptor.FullName, name, Raw, Raw);
        using AsyncServerStreamingCall<byte[]> call = _server.Channel.CreateCallInvoker().AsyncServerStreamingCall(method, null, default, wire);
        await call.ResponseStream.MoveNext(default);
    }

    private TaskCompletionSource ReleaseSignal()
    {
        TaskCompletionSource released = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int calls = 0;
        _server.Cluster.OnRelease = () =>
        {
            // The worker's blocks first, then the admission.
            if (Interlocked.Increment(ref calls) == 2)
            {
                released.SetResult();
            }

            return Task.CompletedTask;
        };
        return released;
    }
}
