%% Erlang as it is written: gen_server, with cast, call and stop.
-module(bench_server).
-behaviour(gen_server).
-export([main/0, prepare/2, init/1, handle_call/3, handle_cast/2]).
-import(bench_lane, [batches/3, downs/2, times/2, weigh/2]).

main() -> bench_lane:main(?MODULE).

prepare(cast, #{atOnce := AtOnce}) ->
    Counter = start(0),
    fun(Ops) ->
        Before = gen_server:call(Counter, value, infinity),
        batches(Ops, AtOnce, fun(Batch) ->
            times(Batch, fun() -> gen_server:cast(Counter, {add, 1}) end),
            gen_server:call(Counter, value, infinity),
            0
        end),
        gen_server:call(Counter, value, infinity) - Before
    end;
prepare(callSeq, Size) when not is_map_key(queued, Size) ->
    Counter = start(0),
    fun(Ops) ->
        Before = gen_server:call(Counter, value),
        times(Ops, fun() -> gen_server:call(Counter, next) end),
        gen_server:call(Counter, value) - Before
    end;
prepare(call1000, _) ->
    Counter = start(0),
    fun(Ops) ->
        Before = gen_server:call(Counter, value),
        batches(Ops, 1000, fun(Batch) ->
            Requests = [gen_server:send_request(Counter, next) || _ <- lists:seq(1, Batch)],
            [{reply, _} = gen_server:receive_response(Request, infinity) || Request <- Requests],
            0
        end),
        gen_server:call(Counter, value) - Before
    end;
prepare(pingPong, _) ->
    Ping = start(0),
    Pong = start(0),
    fun(Ops) ->
        Before = gen_server:call(Ping, value) + gen_server:call(Pong, value),
        gen_server:cast(Ping, {ball, Ops - 1, Pong, self()}),
        receive done -> ok end,
        gen_server:call(Ping, value) + gen_server:call(Pong, value) - Before
    end;
prepare(ring, #{actors := Actors}) ->
    First = start(none),
    Last = lists:foldl(fun(_, Next) -> start(Next) end, First, lists:seq(2, Actors)),
    gen_server:cast(First, {next, Last}),
    fun(Ops) ->
        gen_server:cast(First, {token, Ops - 1, 1, self()}),
        receive {hops, Hops} -> Hops end
    end;
prepare(spawnStop, #{atOnce := AtOnce}) ->
    fun(Ops) ->
        batches(Ops, AtOnce, fun(Batch) ->
            times(Batch, fun() ->
                Mortal = start(0),
                monitor(process, Mortal),
                gen_server:cast(Mortal, live)
            end),
            downs(Batch, normal)
        end)
    end;
prepare(memory, #{actors := Actors}) ->
    {values, fun() -> weigh(Actors, fun() -> [start(0) || _ <- lists:seq(1, Actors)] end) end};
prepare(_, _) ->
    absent.

start(State) ->
    {ok, Pid} = gen_server:start(?MODULE, State, []),
    Pid.

init(State) -> {ok, State}.

handle_call(value, _From, N) -> {reply, N, N};
handle_call(next, _From, N) -> {reply, N + 1, N + 1}.

handle_cast({add, By}, N) ->
    {noreply, N + By};
handle_cast({ball, 0, _From, Done}, N) ->
    Done ! done,
    {noreply, N + 1};
handle_cast({ball, Left, From, Done}, N) ->
    gen_server:cast(From, {ball, Left - 1, self(), Done}),
    {noreply, N + 1};
handle_cast({token, 0, Hops, Done}, Next) ->
    Done ! {hops, Hops},
    {noreply, Next};
handle_cast({token, Left, Hops, Done}, Next) ->
    gen_server:cast(Next, {token, Left - 1, Hops + 1, Done}),
    {noreply, Next};
handle_cast({next, Next}, _) ->
    {noreply, Next};
handle_cast(live, N) ->
    {stop, normal, N}.
