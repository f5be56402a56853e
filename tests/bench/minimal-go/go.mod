module push-gateway.example/minimal

go 1.19
